CREATE OR REPLACE VIEW conversation_messages ON CLUSTER '{cluster}'
(
    tenant_id       LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    conversation_id UUID COMMENT 'Exchange between one business number and one contact or group; keyed hash',
    sent_at         DateTime('UTC') COMMENT 'WhatsApp''s timestamp of the message, UTC, whole seconds',
    direction       LowCardinality(String) COMMENT 'inbound (from a customer) or outbound (from the business)',
    type            LowCardinality(String) COMMENT 'Type as received: text, image, interactive, ...; also types Parley does not know',
    subtype         LowCardinality(String) COMMENT 'Inner type of interactive, system and unsupported messages',
    name            String COMMENT 'Profile name of the customer at the time of the message',
    text            String COMMENT 'What a person reads: text, caption, button title, emoji; empty once erased',
    file            String COMMENT 'File name of a document',
    phone_number_id LowCardinality(String) COMMENT 'Business number as the Cloud API names it; not a phone number',
    wamid           String COMMENT 'Id that WhatsApp gave the message; opaque',
    contact_id      UUID COMMENT 'Customer who wrote the message or to whom it went; keyed hash, zero for a group''s outbound message',
    group_id        String COMMENT 'Id that WhatsApp gave the group; empty outside groups',
    reply_to        String COMMENT 'wamid of the message that this one answers (context.id); empty for none',
    target          String COMMENT 'wamid of the message that an edit, a revoke or a reaction is about; empty for none',
    template        LowCardinality(String) COMMENT 'Name of the message template where known',
    campaign        LowCardinality(String) COMMENT 'Ad or post that started the chat (referral.source_id)',
    media_id        String COMMENT 'Id under which the Cloud API serves the media file',
    media_type      LowCardinality(String) COMMENT 'MIME type of the media file',
    source          LowCardinality(String) COMMENT 'Road by which the message became known: live, echo, history, import',
    received_at     DateTime64(6, 'UTC') COMMENT 'When the raw event arrived here, UTC, microseconds'
)
AS
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
GLOBAL LEFT JOIN (SELECT tenant_id, sent_at, phone_number_id, wamid, name, text, file FROM message_bodies FINAL) AS b
    ON b.tenant_id = m.tenant_id AND b.sent_at = m.sent_at AND b.phone_number_id = m.phone_number_id AND b.wamid = m.wamid
COMMENT 'Messages with their words, where these have not been erased: one row per message';
