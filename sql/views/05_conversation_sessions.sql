CREATE OR REPLACE VIEW conversation_sessions {{onCluster}} AS
SELECT
    tenant_id, conversation_id, session_started_at, session_closes_at, phone_number_id, contact_id, group_id, opened_by, campaign,
    first_customer_at, first_customer_wamid, first_reply_at, first_reply_wamid, first_response_seconds, last_customer_at,
    last_message_at, inbound_messages, outbound_messages
FROM conversations FINAL
WHERE is_deleted = 0
COMMENT 'Sessions of conversations; a session closes after 24 hours without a customer message';
