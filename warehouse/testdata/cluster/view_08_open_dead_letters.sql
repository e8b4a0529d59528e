CREATE OR REPLACE VIEW open_dead_letters ON CLUSTER '{cluster}'
(
    tenant_id      LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs; unassigned where it could not be told',
    dead_letter_id UUID COMMENT 'Hash of what it is about: the same thing failing twice has one id',
    app_id         LowCardinality(String) COMMENT 'Meta app that posted it; empty for the default app',
    stage          LowCardinality(String) COMMENT 'Stage that gave up: verify, decode, enrich, write',
    kind           LowCardinality(String) COMMENT 'Class of the error: internal, invalid, denied, not_found, conflict, too_large, full, transient',
    reason         String COMMENT 'Why, in a sentence; never a message''s text',
    raw_id         UUID COMMENT 'Raw event it arrived in',
    received_at    DateTime64(6, 'UTC') COMMENT 'When the raw event arrived here, UTC, microseconds',
    part           UInt32 COMMENT 'Position of the change in the body, counted from 0',
    item           UInt32 COMMENT 'Position of the item in the change, counted from 0'
)
AS
SELECT tenant_id, dead_letter_id, app_id, stage, kind, reason, raw_id, received_at, part, item
FROM dead_letters FINAL
WHERE isNull(replayed_at)
COMMENT 'What could not become a fact and has not been replayed yet';
