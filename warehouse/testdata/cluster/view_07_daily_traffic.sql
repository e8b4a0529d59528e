CREATE OR REPLACE VIEW daily_traffic ON CLUSTER '{cluster}'
(
    tenant_id       LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    day             Date COMMENT 'Day of sending, UTC',
    phone_number_id LowCardinality(String) COMMENT 'Business number as the Cloud API names it; not a phone number',
    direction       LowCardinality(String) COMMENT 'inbound (from a customer) or outbound (from the business)',
    type            LowCardinality(String) COMMENT 'Type as received: text, image, interactive, ...; also types Parley does not know',
    source          LowCardinality(String) COMMENT 'Road by which the message became known: live, echo, history, import',
    messages        UInt64 COMMENT 'Messages',
    conversations   UInt64 COMMENT 'Distinct conversations with at least one of these messages'
)
AS
SELECT
    tenant_id,
    toDate(sent_at, 'UTC') AS day,
    phone_number_id,
    direction,
    type,
    source,
    count() AS messages,
    uniqExact(conversation_id) AS conversations
FROM messages FINAL
GROUP BY tenant_id, day, phone_number_id, direction, type, source
COMMENT 'Messages and conversations per day (UTC), number, direction, type and road';
