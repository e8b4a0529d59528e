-- +goose NO TRANSACTION
-- +goose Up

-- Derived from messages by queries/rebuild_conversations.sql; nothing else writes here. is_deleted is a column like any
-- other, not an argument of the engine: FINAL would then hide the rows that a rebuild has to know about.
CREATE TABLE IF NOT EXISTS conversations_local ON CLUSTER '{cluster}'
(
    tenant_id              LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    conversation_id        UUID COMMENT 'Exchange between one business number and one contact or group; keyed hash',
    session_started_at     DateTime('UTC') COMMENT 'First message of the session, UTC, whole seconds' CODEC(DoubleDelta, ZSTD(1)),
    phone_number_id        LowCardinality(String) COMMENT 'Business number as the Cloud API names it; not a phone number',
    contact_id             UUID COMMENT 'Customer of the session; keyed hash, zero where only the business wrote to a group',
    group_id               String COMMENT 'Id that WhatsApp gave the group; empty outside groups' CODEC(ZSTD(1)),
    opened_by              LowCardinality(String) COMMENT 'customer or business: who wrote the first message',
    campaign               LowCardinality(String) COMMENT 'Ad or post that started the session; empty for none',
    last_message_at        DateTime('UTC') COMMENT 'Last message of the session, UTC, whole seconds' CODEC(DoubleDelta, ZSTD(1)),
    last_customer_at       Nullable(DateTime('UTC')) COMMENT 'Last customer message of the session, UTC, whole seconds; null for none' CODEC(ZSTD(1)),
    session_closes_at      DateTime('UTC') COMMENT '24 hours after the last customer message (after the last message where the customer wrote none), UTC' CODEC(DoubleDelta, ZSTD(1)),
    first_customer_at      Nullable(DateTime('UTC')) COMMENT 'First customer message of the session, UTC, whole seconds; null for none' CODEC(ZSTD(1)),
    first_customer_wamid   String COMMENT 'Id of the first customer message; empty for none' CODEC(ZSTD(1)),
    first_reply_at         Nullable(DateTime('UTC')) COMMENT 'First message of the business after the first customer message, UTC, whole seconds; null for none' CODEC(ZSTD(1)),
    first_reply_wamid      String COMMENT 'Id of the first reply; empty for none' CODEC(ZSTD(1)),
    first_response_seconds Nullable(UInt32) COMMENT 'From the first customer message to the first reply, seconds, by the clock; null while unanswered' CODEC(ZSTD(1)),
    inbound_messages       UInt32 COMMENT 'Messages of the customer in the session' CODEC(T64, ZSTD(1)),
    outbound_messages      UInt32 COMMENT 'Messages of the business in the session' CODEC(T64, ZSTD(1)),
    retention_days         UInt16 COMMENT 'Days after session_started_at at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1)),
    version                UInt64 COMMENT 'When the row was derived, microseconds since 1970 (highest wins)' CODEC(ZSTD(1)),
    is_deleted             UInt8 COMMENT '1 when a later rebuild found that there is no such session',
    INDEX conversation_bloom conversation_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/parley/conversations_local', '{replica}', version)
PARTITION BY toYYYYMM(session_started_at)
ORDER BY (tenant_id, session_started_at, conversation_id)
TTL toDateTime(if(retention_days = 0, 4291747200, least(toUInt64(toUnixTimestamp(session_started_at)) + 86400 * toUInt64(retention_days), 4291747200))) DELETE
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'One row per session of a conversation, derived from messages; a session closes after 24 hours without a customer message';

CREATE TABLE IF NOT EXISTS conversations ON CLUSTER '{cluster}' AS conversations_local
ENGINE = Distributed('{cluster}', 'parley', 'conversations_local', cityHash64(tenant_id, conversation_id))
COMMENT 'One row per session of a conversation, derived from messages; a session closes after 24 hours without a customer message';


-- +goose Down
DROP TABLE IF EXISTS conversations ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS conversations_local ON CLUSTER '{cluster}' SYNC;
