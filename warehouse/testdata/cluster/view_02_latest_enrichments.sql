-- Grouped by the key and not LIMIT 1 BY, so that a filter on tenant and time reaches the table.
CREATE OR REPLACE VIEW latest_enrichments ON CLUSTER '{cluster}'
(
    tenant_id           LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    sent_at             DateTime('UTC') COMMENT 'WhatsApp''s timestamp of the message, UTC, whole seconds',
    wamid               String COMMENT 'Id of the message that was read',
    conversation_id     UUID COMMENT 'Exchange between one business number and one contact or group; keyed hash',
    pipeline_version    UInt32 COMMENT 'Version of the language stages that made the row',
    language            String COMMENT 'ISO 639-1 code of the language, und when not determined',
    language_confidence Float32 COMMENT 'How sure the language is, 0 to 1',
    sentiment           String COMMENT 'positive, neutral or negative',
    sentiment_score     Float32 COMMENT 'Sentiment as a number, -1 (negative) to 1 (positive)',
    priority            String COMMENT 'urgent, high or normal',
    priority_reasons    Array(String) COMMENT 'Why it has that priority, one entry per reason',
    items               String COMMENT 'Tasks, events and deliverables found, with spans and confidence (JSON array)',
    entities            String COMMENT 'Names, places, amounts and the like found, with spans (JSON array)',
    time_spent_us       UInt32 COMMENT 'Time that the language stages took, microseconds'
)
AS
SELECT
    tenant_id,
    sent_at,
    wamid,
    argMax(e.conversation_id, (e.pipeline_version, e.version)) AS conversation_id,
    argMax(e.pipeline_version, (e.pipeline_version, e.version)) AS pipeline_version,
    argMax(e.language, (e.pipeline_version, e.version)) AS language,
    argMax(e.language_confidence, (e.pipeline_version, e.version)) AS language_confidence,
    argMax(e.sentiment, (e.pipeline_version, e.version)) AS sentiment,
    argMax(e.sentiment_score, (e.pipeline_version, e.version)) AS sentiment_score,
    argMax(e.priority, (e.pipeline_version, e.version)) AS priority,
    argMax(e.priority_reasons, (e.pipeline_version, e.version)) AS priority_reasons,
    argMax(e.items, (e.pipeline_version, e.version)) AS items,
    argMax(e.entities, (e.pipeline_version, e.version)) AS entities,
    argMax(e.time_spent_us, (e.pipeline_version, e.version)) AS time_spent_us
FROM enrichments AS e
GROUP BY tenant_id, sent_at, wamid
COMMENT 'What the newest language stages that read a message made of it: one row per message';
