CREATE OR REPLACE VIEW contact_book {{onCluster}} AS
SELECT
    tenant_id,
    contact_id,
    argMaxIf(c.phone, c.version, c.phone != '') AS phone,
    argMaxIf(c.user_id, c.version, c.user_id != '') AS user_id,
    argMaxIf(c.parent_user_id, c.version, c.parent_user_id != '') AS parent_user_id,
    argMaxIf(c.username, c.version, c.username != '') AS username,
    argMaxIf(c.name, c.version, c.name != '') AS name,
    max(c.seen_at) AS seen_at
FROM contacts AS c
GROUP BY tenant_id, contact_id
COMMENT 'Newest known phone, user id and name of every contact: one row per contact';
