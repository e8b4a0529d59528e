-- A delivery whose receipts fall into two months has two rows in deliveries; here it is one.
CREATE OR REPLACE VIEW message_deliveries {{onCluster}} AS
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
