-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS statuses_local ON CLUSTER '{cluster}'
(
    tenant_id         LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    waba_id           LowCardinality(String) COMMENT 'WhatsApp Business Account, entry[].id of the webhook',
    phone_number_id   LowCardinality(String) COMMENT 'Business number as the Cloud API names it; not a phone number',
    wamid             String COMMENT 'Id of the message that the receipt is about' CODEC(ZSTD(1)),
    conversation_id   UUID COMMENT 'Exchange between one business number and one contact or group; keyed hash',
    recipient_id      UUID COMMENT 'Contact that the receipt is about; keyed hash, zero for a group as a whole',
    group_id          String COMMENT 'Id that WhatsApp gave the group; empty outside groups' CODEC(ZSTD(1)),
    status            LowCardinality(String) COMMENT 'sent, delivered, read, played, failed, or a word Parley does not know',
    at                DateTime('UTC') COMMENT 'WhatsApp''s timestamp of the receipt, UTC, whole seconds' CODEC(DoubleDelta, ZSTD(1)),
    billable          Bool COMMENT 'Whether Meta bills the message',
    pricing_model     LowCardinality(String) COMMENT 'Pricing model: CBP (per conversation) or PMP (per message)',
    pricing_type      LowCardinality(String) COMMENT 'regular, free_customer_service or free_entry_point',
    pricing_category  LowCardinality(String) COMMENT 'marketing, utility, authentication, service or referral_conversion',
    window_id         String COMMENT 'Id of the pricing conversation (conversation.id)' CODEC(ZSTD(1)),
    window_origin     LowCardinality(String) COMMENT 'What opened the pricing conversation (conversation.origin.type)',
    window_expires_at Nullable(DateTime('UTC')) COMMENT 'When the pricing conversation ends, UTC, whole seconds; null where not told' CODEC(ZSTD(1)),
    callback          String COMMENT 'Data that the sender of the message asked to get back (biz_opaque_callback_data)' CODEC(ZSTD(1)),
    error_code        Int32 COMMENT 'First error code, 0 for none' CODEC(T64, ZSTD(1)),
    error_title       LowCardinality(String) COMMENT 'Title of the first error',
    content           String COMMENT 'Receipt as received (JSON) where the columns do not say it all; else empty' CODEC(ZSTD(3)),
    raw_id            UUID COMMENT 'Raw event in which the receipt arrived' CODEC(ZSTD(1)),
    received_at       DateTime64(6, 'UTC') COMMENT 'When the raw event arrived here, UTC, microseconds' CODEC(DoubleDelta, ZSTD(1)),
    retention_days    UInt16 COMMENT 'Days after at at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1)),
    version           UInt64 COMMENT 'Which of several rows of one receipt is kept: first arrival (highest wins)' CODEC(ZSTD(1)),
    INDEX at_range at TYPE minmax GRANULARITY 1,
    INDEX received_range received_at TYPE minmax GRANULARITY 1,
    INDEX conversation_bloom conversation_id TYPE bloom_filter(0.01) GRANULARITY 1,
    CONSTRAINT tenant_known CHECK tenant_id != '',
    CONSTRAINT wamid_known CHECK wamid != ''
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/parley/statuses_local', '{replica}', version)
PARTITION BY toYYYYMM(at)
ORDER BY (tenant_id, wamid, status, recipient_id, group_id)
TTL toDateTime(if(retention_days = 0, 4291747200, least(toUInt64(toUnixTimestamp(at)) + 86400 * toUInt64(retention_days), 4291747200))) DELETE
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'One row per receipt: a message of the business reached a state at one recipient';

CREATE TABLE IF NOT EXISTS statuses ON CLUSTER '{cluster}' AS statuses_local
ENGINE = Distributed('{cluster}', 'parley', 'statuses_local', cityHash64(tenant_id, wamid))
COMMENT 'One row per receipt: a message of the business reached a state at one recipient';


-- Only min and max stand behind this insert path: a receipt that comes twice or late changes neither. A delivery whose
-- receipts fall into two months has a row in each; the view message_deliveries joins them again.
CREATE TABLE IF NOT EXISTS deliveries_local ON CLUSTER '{cluster}'
(
    tenant_id        LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    wamid            String COMMENT 'Id of the message that was delivered' CODEC(ZSTD(1)),
    recipient_id     UUID COMMENT 'Contact at whom it arrived; keyed hash, zero for a group as a whole',
    group_id         String COMMENT 'Id that WhatsApp gave the group; empty outside groups' CODEC(ZSTD(1)),
    month            Date COMMENT 'Month of the receipts in this row, its first day, UTC',
    waba_id          SimpleAggregateFunction(max, LowCardinality(String)) COMMENT 'WhatsApp Business Account, entry[].id of the webhook',
    phone_number_id  SimpleAggregateFunction(max, LowCardinality(String)) COMMENT 'Business number as the Cloud API names it; not a phone number',
    conversation_id  SimpleAggregateFunction(max, UUID) COMMENT 'Exchange between one business number and one contact or group; keyed hash',
    sent_at          SimpleAggregateFunction(min, Nullable(DateTime('UTC'))) COMMENT 'First sent receipt, UTC, whole seconds; null for none' CODEC(ZSTD(1)),
    delivered_at     SimpleAggregateFunction(min, Nullable(DateTime('UTC'))) COMMENT 'First delivered receipt, UTC, whole seconds; null for none' CODEC(ZSTD(1)),
    read_at          SimpleAggregateFunction(min, Nullable(DateTime('UTC'))) COMMENT 'First read receipt, UTC, whole seconds; null for none, also where the reader switched read receipts off' CODEC(ZSTD(1)),
    played_at        SimpleAggregateFunction(min, Nullable(DateTime('UTC'))) COMMENT 'First played receipt of a voice message, UTC, whole seconds; null for none' CODEC(ZSTD(1)),
    failed_at        SimpleAggregateFunction(max, Nullable(DateTime('UTC'))) COMMENT 'Last failed receipt, UTC, whole seconds; null for none' CODEC(ZSTD(1)),
    error_code       SimpleAggregateFunction(max, Int32) COMMENT 'Highest error code of the receipts, 0 for none' CODEC(T64, ZSTD(1)),
    billable         SimpleAggregateFunction(max, Bool) COMMENT 'Whether any receipt says that Meta bills the message',
    pricing_model    SimpleAggregateFunction(max, LowCardinality(String)) COMMENT 'Pricing model: CBP (per conversation) or PMP (per message)',
    pricing_type     SimpleAggregateFunction(max, LowCardinality(String)) COMMENT 'regular, free_customer_service or free_entry_point',
    pricing_category SimpleAggregateFunction(max, LowCardinality(String)) COMMENT 'marketing, utility, authentication, service or referral_conversion',
    retention_days   SimpleAggregateFunction(max, UInt16) COMMENT 'Days after the end of month at which the row is deleted, 0 for never' CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/parley/deliveries_local', '{replica}')
PARTITION BY toYYYYMM(month)
ORDER BY (tenant_id, wamid, recipient_id, group_id, month)
TTL toDateTime(if(retention_days = 0, 4291747200, least(toUInt64(toUnixTimestamp(addMonths(month, 1))) + 86400 * toUInt64(retention_days), 4291747200))) DELETE
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What became of a message at one recipient, from its receipts: first sent, delivered, read and played, last failed';

CREATE TABLE IF NOT EXISTS deliveries ON CLUSTER '{cluster}' AS deliveries_local
ENGINE = Distributed('{cluster}', 'parley', 'deliveries_local', cityHash64(tenant_id, wamid))
COMMENT 'What became of a message at one recipient, from its receipts: first sent, delivered, read and played, last failed';


CREATE MATERIALIZED VIEW IF NOT EXISTS statuses_to_deliveries_local ON CLUSTER '{cluster}' TO deliveries_local AS
SELECT
    tenant_id,
    wamid,
    recipient_id,
    group_id,
    toStartOfMonth(at) AS month,
    max(s.waba_id) AS waba_id,
    max(s.phone_number_id) AS phone_number_id,
    max(s.conversation_id) AS conversation_id,
    min(if(status = 'sent', at, NULL)) AS sent_at,
    min(if(status = 'delivered', at, NULL)) AS delivered_at,
    min(if(status = 'read', at, NULL)) AS read_at,
    min(if(status = 'played', at, NULL)) AS played_at,
    max(if(status = 'failed', at, NULL)) AS failed_at,
    max(s.error_code) AS error_code,
    max(s.billable) AS billable,
    max(s.pricing_model) AS pricing_model,
    max(s.pricing_type) AS pricing_type,
    max(s.pricing_category) AS pricing_category,
    max(s.retention_days) AS retention_days
FROM statuses_local AS s
GROUP BY tenant_id, wamid, recipient_id, group_id, month
COMMENT 'Feeds deliveries from statuses';

-- +goose Down
DROP VIEW IF EXISTS statuses_to_deliveries_local ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS deliveries ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS deliveries_local ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS statuses ON CLUSTER '{cluster}' SYNC;
DROP TABLE IF EXISTS statuses_local ON CLUSTER '{cluster}' SYNC;
