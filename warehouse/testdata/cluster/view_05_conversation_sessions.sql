CREATE OR REPLACE VIEW conversation_sessions ON CLUSTER '{cluster}'
(
    tenant_id              LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    conversation_id        UUID COMMENT 'Exchange between one business number and one contact or group; keyed hash',
    session_started_at     DateTime('UTC') COMMENT 'First message of the session, UTC, whole seconds',
    session_closes_at      DateTime('UTC') COMMENT '24 hours after the last customer message (after the last message where the customer wrote none), UTC',
    phone_number_id        LowCardinality(String) COMMENT 'Business number as the Cloud API names it; not a phone number',
    contact_id             UUID COMMENT 'Customer of the session; keyed hash, zero where only the business wrote to a group',
    group_id               String COMMENT 'Id that WhatsApp gave the group; empty outside groups',
    opened_by              LowCardinality(String) COMMENT 'customer or business: who wrote the first message',
    campaign               LowCardinality(String) COMMENT 'Ad or post that started the session; empty for none',
    first_customer_at      Nullable(DateTime('UTC')) COMMENT 'First customer message of the session, UTC, whole seconds; null for none',
    first_customer_wamid   String COMMENT 'Id of the first customer message; empty for none',
    first_reply_at         Nullable(DateTime('UTC')) COMMENT 'First message of the business after the first customer message, UTC, whole seconds; null for none',
    first_reply_wamid      String COMMENT 'Id of the first reply; empty for none',
    first_response_seconds Nullable(UInt32) COMMENT 'From the first customer message to the first reply, seconds, by the clock; null while unanswered',
    last_customer_at       Nullable(DateTime('UTC')) COMMENT 'Last customer message of the session, UTC, whole seconds; null for none',
    last_message_at        DateTime('UTC') COMMENT 'Last message of the session, UTC, whole seconds',
    inbound_messages       UInt32 COMMENT 'Messages of the customer in the session',
    outbound_messages      UInt32 COMMENT 'Messages of the business in the session'
)
AS
SELECT
    tenant_id, conversation_id, session_started_at, session_closes_at, phone_number_id, contact_id, group_id, opened_by, campaign,
    first_customer_at, first_customer_wamid, first_reply_at, first_reply_wamid, first_response_seconds, last_customer_at,
    last_message_at, inbound_messages, outbound_messages
FROM conversations FINAL
WHERE is_deleted = 0
COMMENT 'Sessions of conversations; a session closes after 24 hours without a customer message';
