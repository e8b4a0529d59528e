-- +goose NO TRANSACTION
-- +goose Up

-- The time of an event without one of its own is its arrival, which must not be part of its identity: the key goes by the
-- id, the time only chooses the partition.
CREATE TABLE IF NOT EXISTS {{local "account_events"}} {{onCluster}}
(
    tenant_id       LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    waba_id         LowCardinality(String) COMMENT 'WhatsApp Business Account, entry[].id of the webhook',
    phone_number_id LowCardinality(String) COMMENT 'Business number as the Cloud API names it; empty for events of the whole account',
    event_id        UUID COMMENT 'Hash of what was received: the same event twice has one id',
    field           LowCardinality(String) COMMENT 'Webhook field as received',
    event           LowCardinality(String) COMMENT 'Name of the event, lower case; empty where it has none',
    subject         String COMMENT 'What it is about: template id, call id, group id, flow id, ...' CODEC(ZSTD(1)),
    contact_id      UUID COMMENT 'Customer it is about; keyed hash, zero for none',
    at              DateTime64(6, 'UTC') COMMENT 'Time of the event, else of the entry, else of arrival, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    known           Bool COMMENT 'False for a field that this version of Parley does not know',
    content         String COMMENT 'The item as received (JSON)' CODEC(ZSTD(3)),
    raw_id          UUID COMMENT 'Raw event in which it arrived' CODEC(ZSTD(1)),
    received_at     DateTime64(6, 'UTC') COMMENT 'When the raw event arrived here, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    retention_days  UInt16 COMMENT 'Days after at at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1)),
    version         UInt64 COMMENT 'Which of several rows of one event is kept: first arrival (highest wins)' CODEC(ZSTD(1)),
    INDEX at_range at TYPE minmax GRANULARITY 1,
    INDEX received_range received_at TYPE minmax GRANULARITY 1,
    CONSTRAINT tenant_known CHECK tenant_id != ''
)
ENGINE = {{engine "ReplacingMergeTree" "account_events" "version"}}
PARTITION BY toYYYYMM(at)
ORDER BY (tenant_id, field, event_id)
TTL {{expires "at"}} DELETE
SETTINGS {{settings}}
COMMENT 'Everything that is neither message nor receipt: template reviews, quality, calls, groups, preferences, unknown fields';
{{distributed "account_events" "cityHash64(tenant_id, event_id)" "Everything that is neither message nor receipt: template reviews, quality, calls, groups, preferences, unknown fields"}}

-- Every distinct description of a contact is one row, so that a description without a name, or without the link from
-- phone to user id, never hides one that has it. Not partitioned: a description seen again in another month is one row.
CREATE TABLE IF NOT EXISTS {{local "contacts"}} {{onCluster}}
(
    tenant_id      LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    contact_id     UUID COMMENT 'The person as this tenant knows them; keyed hash',
    phone          String COMMENT 'Phone number, E.164 digits without plus; empty where WhatsApp hides it' CODEC(ZSTD(1)),
    user_id        String COMMENT 'Business-scoped user id; never join it across tenants' CODEC(ZSTD(1)),
    parent_user_id String COMMENT 'User id in the parent business portfolio; empty for none' CODEC(ZSTD(1)),
    username       String COMMENT 'WhatsApp user name' CODEC(ZSTD(1)),
    name           String COMMENT 'Profile name' CODEC(ZSTD(1)),
    seen_at        DateTime64(6, 'UTC') COMMENT 'Last time an item described the contact like this, UTC' CODEC(ZSTD(1)),
    raw_id         UUID COMMENT 'Raw event of that item' CODEC(ZSTD(1)),
    received_at    DateTime64(6, 'UTC') COMMENT 'When that raw event arrived here, UTC, microseconds' CODEC(ZSTD(1)),
    retention_days UInt16 COMMENT 'Days after seen_at at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1)),
    version        UInt64 COMMENT 'Which of several rows of one description is kept: last seen (highest wins)' CODEC(ZSTD(1)),
    CONSTRAINT tenant_known CHECK tenant_id != ''
)
ENGINE = {{engine "ReplacingMergeTree" "contacts" "version"}}
ORDER BY (tenant_id, contact_id, phone, user_id, parent_user_id, username, name)
TTL {{expires "seen_at"}} DELETE
SETTINGS {{settings}}
COMMENT 'Descriptions of contacts; the only table with a phone number beside a contact id; the view contact_book gives one row per contact';
{{distributed "contacts" "cityHash64(tenant_id, contact_id)" "Descriptions of contacts; the only table with a phone number beside a contact id; the view contact_book gives one row per contact"}}

-- +goose Down
{{drop "contacts"}}
{{drop "account_events"}}
