-- A delivery whose receipts fall into two months has two rows in deliveries; here it is one.
CREATE OR REPLACE VIEW message_deliveries ON CLUSTER '{cluster}'
(
    tenant_id        LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    wamid            String COMMENT 'Id of the message that was delivered',
    recipient_id     UUID COMMENT 'Contact at whom it arrived; keyed hash, zero for a group as a whole',
    group_id         String COMMENT 'Id that WhatsApp gave the group; empty outside groups',
    waba_id          String COMMENT 'WhatsApp Business Account, entry[].id of the webhook',
    phone_number_id  String COMMENT 'Business number as the Cloud API names it; not a phone number',
    conversation_id  UUID COMMENT 'Exchange between one business number and one contact or group; keyed hash',
    sent_at          Nullable(DateTime('UTC')) COMMENT 'First sent receipt, UTC, whole seconds; null for none',
    delivered_at     Nullable(DateTime('UTC')) COMMENT 'First delivered receipt, UTC, whole seconds; null for none',
    read_at          Nullable(DateTime('UTC')) COMMENT 'First read receipt, UTC, whole seconds; null for none, also where the reader switched read receipts off',
    played_at        Nullable(DateTime('UTC')) COMMENT 'First played receipt of a voice message, UTC, whole seconds; null for none',
    failed_at        Nullable(DateTime('UTC')) COMMENT 'Last failed receipt, UTC, whole seconds; null for none',
    error_code       Int32 COMMENT 'Highest error code of the receipts, 0 for none',
    billable         Bool COMMENT 'Whether any receipt says that Meta bills the message',
    pricing_model    String COMMENT 'Pricing model: CBP (per conversation) or PMP (per message)',
    pricing_type     String COMMENT 'regular, free_customer_service or free_entry_point',
    pricing_category String COMMENT 'marketing, utility, authentication, service or referral_conversion'
)
AS
SELECT
    tenant_id,
    wamid,
    recipient_id,
    group_id,
    max(d.waba_id) AS waba_id,
    max(d.phone_number_id) AS phone_number_id,
    max(d.conversation_id) AS conversation_id,
    min(d.sent_at) AS sent_at,
    min(d.delivered_at) AS delivered_at,
    min(d.read_at) AS read_at,
    min(d.played_at) AS played_at,
    max(d.failed_at) AS failed_at,
    max(d.error_code) AS error_code,
    max(d.billable) AS billable,
    max(d.pricing_model) AS pricing_model,
    max(d.pricing_type) AS pricing_type,
    max(d.pricing_category) AS pricing_category
FROM deliveries AS d
GROUP BY tenant_id, wamid, recipient_id, group_id
COMMENT 'What became of each message at each recipient: one row per message and recipient';
