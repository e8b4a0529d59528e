-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS raw_events_local ON CLUSTER '{cluster}'
(
    tenant_id       LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs; unassigned where no tenant claimed the number',
    app_id          LowCardinality(String) COMMENT 'Meta app that posted it; empty for the default app',
    waba_id         LowCardinality(String) COMMENT 'WhatsApp Business Account, entry[].id of the webhook',
    phone_number_id LowCardinality(String) COMMENT 'Business number as the Cloud API names it; not a phone number',
    raw_id          UUID COMMENT 'Id given to the webhook body on arrival (UUID version 7)' CODEC(ZSTD(1)),
    part            UInt32 COMMENT 'Position of the change in the body, counted from 0' CODEC(T64, ZSTD(1)),
    received_at     DateTime64(6, 'UTC') COMMENT 'When the body arrived here, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    field           LowCardinality(String) COMMENT 'Webhook field of the change (messages, history, account_update, ...)',
    items           UInt32 COMMENT 'Messages, receipts and events found in it' CODEC(T64, ZSTD(1)),
    body            String COMMENT 'Webhook body that holds just this change; what arrived, where it was no webhook' CODEC(ZSTD(3)),
    retention_days  UInt16 COMMENT 'Days after received_at at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1)),
    INDEX raw_bloom raw_id TYPE bloom_filter(0.01) GRANULARITY 1,
    CONSTRAINT tenant_known CHECK tenant_id != ''
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/parley/raw_events_local', '{replica}')
PARTITION BY toYYYYMM(received_at)
ORDER BY (tenant_id, received_at, raw_id, part)
TTL toDateTime(if(retention_days = 0, 4291747200, least(toUInt64(toUnixTimestamp(received_at)) + 86400 * toUInt64(retention_days), 4291747200))) DELETE
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'One row per change of a webhook as it arrived: the evidence behind every fact, and the source of a replay';

CREATE TABLE IF NOT EXISTS raw_events ON CLUSTER '{cluster}' AS raw_events_local
ENGINE = Distributed('{cluster}', 'parley', 'raw_events_local', cityHash64(tenant_id, raw_id))
COMMENT 'One row per change of a webhook as it arrived: the evidence behind every fact, and the source of a replay';


-- Not partitioned: the only time of a dead letter is its arrival, and the same thing arriving again in another month must
-- stay one row.
CREATE TABLE IF NOT EXISTS dead_letters_local ON CLUSTER '{cluster}'
(
    tenant_id      LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs; unassigned where it could not be told',
    dead_letter_id UUID COMMENT 'Hash of what it is about: the same thing failing twice has one id',
    app_id         LowCardinality(String) COMMENT 'Meta app that posted it; empty for the default app',
    stage          LowCardinality(String) COMMENT 'Stage that gave up: verify, decode, enrich, write',
    kind           LowCardinality(String) COMMENT 'Class of the error: internal, invalid, denied, not_found, conflict, too_large, full, transient',
    reason         String COMMENT 'Why, in a sentence; never a message''s text' CODEC(ZSTD(1)),
    raw_id         UUID COMMENT 'Raw event it arrived in' CODEC(ZSTD(1)),
    received_at    DateTime64(6, 'UTC') COMMENT 'When the raw event arrived here, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    part           UInt32 COMMENT 'Position of the change in the body, counted from 0' CODEC(T64, ZSTD(1)),
    item           UInt32 COMMENT 'Position of the item in the change, counted from 0' CODEC(T64, ZSTD(1)),
    body           String COMMENT 'Smallest webhook body that holds it, or what arrived' CODEC(ZSTD(3)),
    replayed_at    Nullable(DateTime64(6, 'UTC')) COMMENT 'When a replay turned it into facts, UTC, microseconds; null while it is open' CODEC(ZSTD(1)),
    retention_days UInt16 COMMENT 'Days after received_at at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1)),
    version        UInt64 COMMENT 'Which of several rows of one dead letter is kept: replayed first, then first arrival (highest wins)' CODEC(ZSTD(1)),
    INDEX received_range received_at TYPE minmax GRANULARITY 1,
    CONSTRAINT tenant_known CHECK tenant_id != ''
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/parley/dead_letters_local', '{replica}', version)
ORDER BY (tenant_id, dead_letter_id)
TTL toDateTime(if(retention_days = 0, 4291747200, least(toUInt64(toUnixTimestamp(received_at)) + 86400 * toUInt64(retention_days), 4291747200))) DELETE
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What could not become a fact, with everything needed to try again';

CREATE TABLE IF NOT EXISTS dead_letters ON CLUSTER '{cluster}' AS dead_letters_local
ENGINE = Distributed('{cluster}', 'parley', 'dead_letters_local', cityHash64(tenant_id, dead_letter_id))
COMMENT 'What could not become a fact, with everything needed to try again';


-- A batch holds many tenants' rows, so this one table does not begin with a tenant.
CREATE TABLE IF NOT EXISTS ingest_audit_local ON CLUSTER '{cluster}'
(
    batch_id       UUID COMMENT 'Id of the sealed batch',
    first_seq      UInt64 COMMENT 'Log sequence of the first entry in the batch' CODEC(DoubleDelta, ZSTD(1)),
    last_seq       UInt64 COMMENT 'Log sequence of the last entry in the batch' CODEC(DoubleDelta, ZSTD(1)),
    sealed_at      DateTime64(6, 'UTC') COMMENT 'When the batch''s boundaries were fixed, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    written_at     DateTime64(6, 'UTC') COMMENT 'When all of its rows were in, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    bodies         UInt32 COMMENT 'Webhook bodies in the batch' CODEC(T64, ZSTD(1)),
    raw_events     UInt32 COMMENT 'Rows given to raw_events' CODEC(T64, ZSTD(1)),
    messages       UInt32 COMMENT 'Rows given to messages' CODEC(T64, ZSTD(1)),
    statuses       UInt32 COMMENT 'Rows given to statuses' CODEC(T64, ZSTD(1)),
    enrichments    UInt32 COMMENT 'Rows given to enrichments' CODEC(T64, ZSTD(1)),
    account_events UInt32 COMMENT 'Rows given to account_events' CODEC(T64, ZSTD(1)),
    contacts       UInt32 COMMENT 'Rows given to contacts' CODEC(T64, ZSTD(1)),
    dead_letters   UInt32 COMMENT 'Rows given to dead_letters' CODEC(T64, ZSTD(1)),
    duplicates     UInt32 COMMENT 'Items left out because they had been stored before' CODEC(T64, ZSTD(1)),
    rejected       UInt32 COMMENT 'Rows that the warehouse refused' CODEC(T64, ZSTD(1)),
    version        UInt64 COMMENT 'Which of several rows of one batch is kept: first written (highest wins)' CODEC(ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/parley/ingest_audit_local', '{replica}', version)
PARTITION BY toYYYYMM(sealed_at)
ORDER BY (sealed_at, batch_id)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'One row per batch that was written in full: what the log held, and what became of it';

CREATE TABLE IF NOT EXISTS ingest_audit ON CLUSTER '{cluster}' AS ingest_audit_local
ENGINE = Distributed('{cluster}', 'parley', 'ingest_audit_local', cityHash64(batch_id))
COMMENT 'One row per batch that was written in full: what the log held, and what became of it';


-- +goose Down
DROP TABLE IF EXISTS ingest_audit ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS ingest_audit_local ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS dead_letters ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS dead_letters_local ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS raw_events ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS raw_events_local ON CLUSTER '{cluster}' SYNC;
