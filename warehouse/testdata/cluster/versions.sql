CREATE TABLE IF NOT EXISTS schema_versions ON CLUSTER '{cluster}'
(
    version_id Int64 COMMENT 'Number of the migration',
    is_applied Bool COMMENT 'True when it was applied, false when it was taken back',
    seq        UInt64 COMMENT 'Order of the rows; the highest of a migration counts',
    at         DateTime64(6, 'UTC') COMMENT 'When that happened, UTC, microseconds'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/parley/schema_versions', '{shard}-{replica}')
ORDER BY (version_id, seq)
COMMENT 'Which migrations of the warehouse were applied'