-- Grouped by the key and not LIMIT 1 BY, so that a filter on tenant and time reaches the table.
CREATE OR REPLACE VIEW latest_enrichments {{onCluster}} AS
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
