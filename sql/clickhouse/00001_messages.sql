-- +goose NO TRANSACTION
-- +goose Up

-- Identity of a message: (tenant_id, phone_number_id, wamid, sent_at), all fixed at the origin. The conversation is not
-- part of it: the same message can reach us with and without the customer's phone number. Within the key sent_at comes
-- early, so that a tenant's time range is one stretch of each part; conversations and single ids go by bloom filters.
CREATE TABLE IF NOT EXISTS {{local "messages"}} {{onCluster}}
(
    tenant_id       LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    waba_id         LowCardinality(String) COMMENT 'WhatsApp Business Account, entry[].id of the webhook',
    phone_number_id LowCardinality(String) COMMENT 'Business number as the Cloud API names it; not a phone number',
    wamid           String COMMENT 'Id that WhatsApp gave the message; opaque' CODEC(ZSTD(1)),
    conversation_id UUID COMMENT 'Exchange between one business number and one contact or group; keyed hash',
    contact_id      UUID COMMENT 'Customer who wrote the message or to whom it went; keyed hash, zero for a group''s outbound message',
    group_id        String COMMENT 'Id that WhatsApp gave the group; empty outside groups' CODEC(ZSTD(1)),
    direction       LowCardinality(String) COMMENT 'inbound (from a customer) or outbound (from the business)',
    source          LowCardinality(String) COMMENT 'Road by which the message became known: live, echo, history, import',
    type            LowCardinality(String) COMMENT 'Type as received: text, image, interactive, ...; also types Parley does not know',
    subtype         LowCardinality(String) COMMENT 'Inner type of interactive, system and unsupported messages',
    sent_at         DateTime('UTC') COMMENT 'WhatsApp''s timestamp of the message, UTC, whole seconds' CODEC(DoubleDelta, ZSTD(1)),
    reply_to        String COMMENT 'wamid of the message that this one answers (context.id); empty for none' CODEC(ZSTD(1)),
    target          String COMMENT 'wamid of the message that an edit, a revoke or a reaction is about; empty for none' CODEC(ZSTD(1)),
    forwarded       LowCardinality(String) COMMENT 'Empty, forwarded or frequently_forwarded',
    template        LowCardinality(String) COMMENT 'Name of the message template where known',
    campaign        LowCardinality(String) COMMENT 'Ad or post that started the chat (referral.source_id)',
    click_id        String COMMENT 'Click id of the ad that started the chat (referral.ctwa_clid)' CODEC(ZSTD(1)),
    product         LowCardinality(String) COMMENT 'Catalogue product the message refers to (product_retailer_id)',
    media_id        String COMMENT 'Id under which the Cloud API serves the media file' CODEC(ZSTD(1)),
    media_type      LowCardinality(String) COMMENT 'MIME type of the media file',
    media_sha256    String COMMENT 'SHA-256 of the media file as WhatsApp reports it' CODEC(ZSTD(1)),
    error_code      Int32 COMMENT 'First error code of the message, 0 for none' CODEC(T64, ZSTD(1)),
    history_status  LowCardinality(String) COMMENT 'State of a history message when it was synchronised, lower case (history_context.status)',
    raw_id          UUID COMMENT 'Raw event in which the message arrived' CODEC(ZSTD(1)),
    received_at     DateTime64(6, 'UTC') COMMENT 'When the raw event arrived here, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    retention_days  UInt16 COMMENT 'Days after sent_at at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1)),
    version         UInt64 COMMENT 'Which of several rows of one message is kept: best road first, then first arrival (highest wins)' CODEC(ZSTD(1)),
    INDEX received_range received_at TYPE minmax GRANULARITY 1,
    INDEX wamid_bloom wamid TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX conversation_bloom conversation_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX contact_bloom contact_id TYPE bloom_filter(0.01) GRANULARITY 1,
    CONSTRAINT tenant_known CHECK tenant_id != '',
    CONSTRAINT wamid_known CHECK wamid != ''
)
ENGINE = {{engine "ReplacingMergeTree" "messages" "version"}}
PARTITION BY toYYYYMM(sent_at)
ORDER BY (tenant_id, sent_at, phone_number_id, wamid)
TTL {{expires "sent_at"}} DELETE
SETTINGS {{settings}}
COMMENT 'One row per WhatsApp message: who, when, which way, what kind; its words are in message_bodies';
{{distributed "messages" "cityHash64(tenant_id, wamid)" "One row per WhatsApp message: who, when, which way, what kind; its words are in message_bodies"}}

-- Same key as messages, so that the two join row by row. No contact_id: a phone number stands beside a contact only in
-- contacts.
CREATE TABLE IF NOT EXISTS {{local "message_bodies"}} {{onCluster}}
(
    tenant_id       LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    phone_number_id LowCardinality(String) COMMENT 'Business number as the Cloud API names it; not a phone number',
    wamid           String COMMENT 'Id that WhatsApp gave the message; opaque' CODEC(ZSTD(1)),
    conversation_id UUID COMMENT 'Exchange between one business number and one contact or group; keyed hash',
    sent_at         DateTime('UTC') COMMENT 'WhatsApp''s timestamp of the message, UTC, whole seconds' CODEC(DoubleDelta, ZSTD(1)),
    phone           String COMMENT 'Phone number of the customer, E.164 digits without plus; empty where WhatsApp hides it' CODEC(ZSTD(1)),
    user_id         String COMMENT 'Business-scoped user id of the customer; never join it across tenants' CODEC(ZSTD(1)),
    name            String COMMENT 'Profile name of the customer at the time of the message' CODEC(ZSTD(1)),
    username        String COMMENT 'WhatsApp user name of the customer' CODEC(ZSTD(1)),
    text            String COMMENT 'What a person reads: text, caption, button title, emoji' CODEC(ZSTD(3)),
    file            String COMMENT 'File name of a document' CODEC(ZSTD(1)),
    content         String COMMENT 'Message as received (JSON) where text does not say it all; else empty' CODEC(ZSTD(3)),
    received_at     DateTime64(6, 'UTC') COMMENT 'When the raw event arrived here, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    retention_days  UInt16 COMMENT 'Days after sent_at at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1)),
    version         UInt64 COMMENT 'Which of several rows of one message is kept: best road first, then first arrival (highest wins)' CODEC(ZSTD(1)),
    INDEX wamid_bloom wamid TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX conversation_bloom conversation_id TYPE bloom_filter(0.01) GRANULARITY 1,
    CONSTRAINT tenant_known CHECK tenant_id != '',
    CONSTRAINT wamid_known CHECK wamid != ''
)
ENGINE = {{engine "ReplacingMergeTree" "message_bodies" "version"}}
PARTITION BY toYYYYMM(sent_at)
ORDER BY (tenant_id, sent_at, phone_number_id, wamid)
TTL {{expires "sent_at"}} DELETE
SETTINGS {{settings}}
COMMENT 'What a message says and who said it; erased alone, with its own retention, while the fact in messages stays';
{{distributed "message_bodies" "cityHash64(tenant_id, wamid)" "What a message says and who said it; erased alone, with its own retention, while the fact in messages stays"}}

-- +goose Down
{{drop "message_bodies"}}
{{drop "messages"}}
