CREATE OR REPLACE VIEW daily_traffic {{onCluster}} AS
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
