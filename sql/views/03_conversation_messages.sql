CREATE OR REPLACE VIEW conversation_messages {{onCluster}} AS
SELECT
    m.tenant_id AS tenant_id,
    m.conversation_id AS conversation_id,
    m.sent_at AS sent_at,
    m.direction AS direction,
    m.type AS type,
    m.subtype AS subtype,
    b.name AS name,
    b.text AS text,
    b.file AS file,
    m.phone_number_id AS phone_number_id,
    m.wamid AS wamid,
    m.contact_id AS contact_id,
    m.group_id AS group_id,
    m.reply_to AS reply_to,
    m.target AS target,
    m.template AS template,
    m.campaign AS campaign,
    m.media_id AS media_id,
    m.media_type AS media_type,
    m.source AS source,
    m.received_at AS received_at
FROM (SELECT * FROM messages FINAL) AS m
{{global}} LEFT JOIN (SELECT tenant_id, sent_at, phone_number_id, wamid, name, text, file FROM message_bodies FINAL) AS b
    ON b.tenant_id = m.tenant_id AND b.sent_at = m.sent_at AND b.phone_number_id = m.phone_number_id AND b.wamid = m.wamid
COMMENT 'Messages with their words, where these have not been erased: one row per message';
