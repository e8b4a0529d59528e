CREATE OR REPLACE VIEW open_dead_letters {{onCluster}} AS
SELECT tenant_id, dead_letter_id, app_id, stage, kind, reason, raw_id, received_at, part, item
FROM dead_letters FINAL
WHERE isNull(replayed_at)
COMMENT 'What could not become a fact and has not been replayed yet';
