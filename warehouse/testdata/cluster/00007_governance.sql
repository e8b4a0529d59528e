-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS audit_log_local ON CLUSTER '{cluster}'
(
    tenant_id      LowCardinality(String) COMMENT 'Customer of this installation whose data or settings were touched',
    audit_id       UUID COMMENT 'Id of this entry; the same entry written twice has one id',
    at             DateTime64(6, 'UTC') COMMENT 'When it happened, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    actor          String COMMENT 'Who did it' CODEC(ZSTD(1)),
    actor_kind     LowCardinality(String) COMMENT 'What the actor is: user, key, job, operator',
    action         LowCardinality(String) COMMENT 'What was done, for example query, export, task.confirm, contact.erase',
    outcome        LowCardinality(String) COMMENT 'ok or the class of the error',
    subject_kind   LowCardinality(String) COMMENT 'Kind of thing it was done to',
    subject        String COMMENT 'Id of the thing it was done to' CODEC(ZSTD(1)),
    request_id     String COMMENT 'Id of the request, as in the log' CODEC(ZSTD(1)),
    remote_address String COMMENT 'Network address the request came from' CODEC(ZSTD(1)),
    detail         String COMMENT 'More about it (JSON), without message text' CODEC(ZSTD(3)),
    retention_days UInt16 COMMENT 'Days after at at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1)),
    CONSTRAINT tenant_known CHECK tenant_id != ''
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/parley/audit_log_local', '{replica}')
PARTITION BY toYYYYMM(at)
ORDER BY (tenant_id, at, audit_id)
TTL toDateTime(if(retention_days = 0, 4291747200, least(toUInt64(toUnixTimestamp(at)) + 86400 * toUInt64(retention_days), 4291747200))) DELETE
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Who did what to which data, append only';

CREATE TABLE IF NOT EXISTS audit_log ON CLUSTER '{cluster}' AS audit_log_local
ENGINE = Distributed('{cluster}', 'parley', 'audit_log_local', cityHash64(tenant_id, audit_id))
COMMENT 'Who did what to which data, append only';


-- Not partitioned: one erasure is one row from request to proof.
CREATE TABLE IF NOT EXISTS erasures_local ON CLUSTER '{cluster}'
(
    tenant_id       LowCardinality(String) COMMENT 'Customer of this installation whose data is erased',
    erasure_id      UUID COMMENT 'Id of the erasure',
    contact_id      UUID COMMENT 'Person whose data is erased; keyed hash, zero where it is not about one person',
    conversation_id UUID COMMENT 'Conversation that is erased; zero where it is not about one',
    scope           LowCardinality(String) COMMENT 'What is erased: bodies (words and identity) or everything',
    requested_by    String COMMENT 'Who asked for it' CODEC(ZSTD(1)),
    requested_at    DateTime64(6, 'UTC') COMMENT 'When it was asked for, UTC, microseconds' CODEC(ZSTD(1)),
    completed_at    Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was proved that nothing is left, UTC, microseconds; null until then' CODEC(ZSTD(1)),
    state           LowCardinality(String) COMMENT 'requested, running, completed or failed',
    messages        UInt64 COMMENT 'Messages erased',
    bodies          UInt64 COMMENT 'Message bodies erased',
    raw_events      UInt64 COMMENT 'Raw events erased or rewritten',
    dead_letters    UInt64 COMMENT 'Dead letters erased',
    remaining       UInt64 COMMENT 'Rows found by the check after the erasure; 0 is the proof',
    proof           String COMMENT 'The checks that were run and what they counted (JSON)' CODEC(ZSTD(3)),
    version         UInt64 COMMENT 'When this state was written, microseconds since 1970 (highest wins)' CODEC(ZSTD(1)),
    CONSTRAINT tenant_known CHECK tenant_id != ''
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/parley/erasures_local', '{replica}', version)
ORDER BY (tenant_id, erasure_id)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Erasures asked for, and the proof that they were done';

CREATE TABLE IF NOT EXISTS erasures ON CLUSTER '{cluster}' AS erasures_local
ENGINE = Distributed('{cluster}', 'parley', 'erasures_local', cityHash64(tenant_id, erasure_id))
COMMENT 'Erasures asked for, and the proof that they were done';


-- +goose Down
DROP TABLE IF EXISTS erasures ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS erasures_local ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS audit_log ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS audit_log_local ON CLUSTER '{cluster}' SYNC;
