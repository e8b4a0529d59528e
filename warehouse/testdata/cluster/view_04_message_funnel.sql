CREATE OR REPLACE VIEW message_funnel ON CLUSTER '{cluster}'
(
    tenant_id        LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    day              Date COMMENT 'Day of sending, UTC',
    phone_number_id  LowCardinality(String) COMMENT 'Business number as the Cloud API names it; not a phone number',
    template         LowCardinality(String) COMMENT 'Name of the message template where known',
    pricing_category String COMMENT 'marketing, utility, authentication, service or referral_conversion; empty where no receipt told',
    messages         UInt64 COMMENT 'Messages that the business sent',
    sent             UInt64 COMMENT 'Of these, messages with a sent receipt',
    delivered        UInt64 COMMENT 'Of these, messages delivered to at least one recipient',
    read             UInt64 COMMENT 'Of these, messages read by at least one recipient; a lower bound',
    failed           UInt64 COMMENT 'Of these, messages that failed for at least one recipient',
    billed           UInt64 COMMENT 'Of these, messages that Meta bills'
)
AS
SELECT
    m.tenant_id AS tenant_id,
    toDate(m.sent_at, 'UTC') AS day,
    m.phone_number_id AS phone_number_id,
    m.template AS template,
    d.pricing_category AS pricing_category,
    uniqExact(m.wamid) AS messages,
    uniqExactIf(m.wamid, isNotNull(d.sent_at)) AS sent,
    uniqExactIf(m.wamid, isNotNull(d.delivered_at)) AS delivered,
    uniqExactIf(m.wamid, isNotNull(d.read_at)) AS read,
    uniqExactIf(m.wamid, isNotNull(d.failed_at)) AS failed,
    uniqExactIf(m.wamid, d.billable) AS billed
FROM (SELECT * FROM messages FINAL WHERE direction = 'outbound') AS m
GLOBAL LEFT JOIN message_deliveries AS d ON d.tenant_id = m.tenant_id AND d.wamid = m.wamid
GROUP BY tenant_id, day, phone_number_id, template, pricing_category
COMMENT 'How far the messages of the business got, per day of sending (UTC); read is a lower bound, users can switch receipts off';
