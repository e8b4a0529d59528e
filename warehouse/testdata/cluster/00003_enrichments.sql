-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS enrichments_local ON CLUSTER '{cluster}'
(
    tenant_id           LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    wamid               String COMMENT 'Id of the message that was read' CODEC(ZSTD(1)),
    conversation_id     UUID COMMENT 'Exchange between one business number and one contact or group; keyed hash',
    sent_at             DateTime('UTC') COMMENT 'WhatsApp''s timestamp of the message, UTC, whole seconds' CODEC(DoubleDelta, ZSTD(1)),
    pipeline_version    UInt32 COMMENT 'Version of the language stages; the highest one counts',
    language            LowCardinality(String) COMMENT 'ISO 639-1 code of the language, und when not determined',
    language_confidence Float32 COMMENT 'How sure the language is, 0 to 1',
    sentiment           LowCardinality(String) COMMENT 'positive, neutral or negative',
    sentiment_score     Float32 COMMENT 'Sentiment as a number, -1 (negative) to 1 (positive)',
    priority            LowCardinality(String) COMMENT 'urgent, high or normal',
    priority_reasons    Array(LowCardinality(String)) COMMENT 'Why it has that priority, one entry per reason',
    items               String COMMENT 'Tasks, events and deliverables found, with spans and confidence (JSON array)' CODEC(ZSTD(3)),
    entities            String COMMENT 'Names, places, amounts and the like found, with spans (JSON array)' CODEC(ZSTD(3)),
    time_spent_us       UInt32 COMMENT 'Time that the language stages took, microseconds' CODEC(T64, ZSTD(1)),
    received_at         DateTime64(6, 'UTC') COMMENT 'When the message''s raw event arrived here, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    retention_days      UInt16 COMMENT 'Days after sent_at at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1)),
    version             UInt64 COMMENT 'Which of several rows of one enrichment is kept: first arrival (highest wins)' CODEC(ZSTD(1)),
    INDEX wamid_bloom wamid TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX conversation_bloom conversation_id TYPE bloom_filter(0.01) GRANULARITY 1,
    CONSTRAINT tenant_known CHECK tenant_id != '',
    CONSTRAINT wamid_known CHECK wamid != ''
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/parley/enrichments_local', '{replica}', version)
PARTITION BY toYYYYMM(sent_at)
ORDER BY (tenant_id, sent_at, wamid, pipeline_version)
TTL toDateTime(if(retention_days = 0, 4291747200, least(toUInt64(toUnixTimestamp(sent_at)) + 86400 * toUInt64(retention_days), 4291747200))) DELETE
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What the language stages made of a message, one row per version of them; the view latest_enrichments gives the newest';

CREATE TABLE IF NOT EXISTS enrichments ON CLUSTER '{cluster}' AS enrichments_local
ENGINE = Distributed('{cluster}', 'parley', 'enrichments_local', cityHash64(tenant_id, wamid))
COMMENT 'What the language stages made of a message, one row per version of them; the view latest_enrichments gives the newest';


CREATE TABLE IF NOT EXISTS task_events_local ON CLUSTER '{cluster}'
(
    tenant_id        LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    event_id         UUID COMMENT 'Id of this event; the same event written twice has one id',
    task_id          UUID COMMENT 'Task that changed: hash of tenant, message, span and kind',
    at               DateTime64(6, 'UTC') COMMENT 'When it happened, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    event            LowCardinality(String) COMMENT 'proposed, confirmed, edited, dismissed, assigned, due_changed, completed, reopened, synced, ...',
    kind             LowCardinality(String) COMMENT 'What the task is: task, event or deliverable',
    actor            String COMMENT 'Who did it: a user, a rule or the pipeline' CODEC(ZSTD(1)),
    phone_number_id  LowCardinality(String) COMMENT 'Business number of the message it was found in; empty for a task made by hand',
    wamid            String COMMENT 'Message it was found in; empty for a task made by hand' CODEC(ZSTD(1)),
    conversation_id  UUID COMMENT 'Conversation it was found in; zero for none',
    contact_id       UUID COMMENT 'Customer it concerns; keyed hash, zero for none',
    pipeline_version UInt32 COMMENT 'Version of the language stages that proposed it, 0 for a task made by hand',
    span_start       UInt32 COMMENT 'First character of the evidence in the message''s text, counted from 0',
    span_end         UInt32 COMMENT 'Character after the last of the evidence; equal to span_start for none',
    confidence       Float32 COMMENT 'How sure the proposal was, 0 to 1',
    status           LowCardinality(String) COMMENT 'State of the task after the event',
    priority         LowCardinality(String) COMMENT 'Priority of the task after the event',
    assignee         String COMMENT 'Who is to do it after the event; empty for nobody' CODEC(ZSTD(1)),
    due_at           Nullable(DateTime('UTC')) COMMENT 'When it is due after the event, UTC; null for no date' CODEC(ZSTD(1)),
    target           LowCardinality(String) COMMENT 'Connector of a synced event; empty else',
    detail           String COMMENT 'What changed (JSON), without message text' CODEC(ZSTD(3)),
    retention_days   UInt16 COMMENT 'Days after at at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1)),
    INDEX task_bloom task_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX conversation_bloom conversation_id TYPE bloom_filter(0.01) GRANULARITY 1,
    CONSTRAINT tenant_known CHECK tenant_id != ''
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/parley/task_events_local', '{replica}')
PARTITION BY toYYYYMM(at)
ORDER BY (tenant_id, at, task_id, event_id)
TTL toDateTime(if(retention_days = 0, 4291747200, least(toUInt64(toUnixTimestamp(at)) + 86400 * toUInt64(retention_days), 4291747200))) DELETE
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Everything that happened to a task, append only';

CREATE TABLE IF NOT EXISTS task_events ON CLUSTER '{cluster}' AS task_events_local
ENGINE = Distributed('{cluster}', 'parley', 'task_events_local', cityHash64(tenant_id, task_id))
COMMENT 'Everything that happened to a task, append only';


-- +goose Down
DROP TABLE IF EXISTS task_events ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS task_events_local ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS enrichments ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS enrichments_local ON CLUSTER '{cluster}' SYNC;
