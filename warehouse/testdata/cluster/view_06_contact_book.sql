CREATE OR REPLACE VIEW contact_book ON CLUSTER '{cluster}'
(
    tenant_id      LowCardinality(String) COMMENT 'Customer of this installation to whom the row belongs',
    contact_id     UUID COMMENT 'The person as this tenant knows them; keyed hash',
    phone          String COMMENT 'Newest known phone number, E.164 digits without plus; empty where WhatsApp hides it',
    user_id        String COMMENT 'Newest known business-scoped user id; never join it across tenants',
    parent_user_id String COMMENT 'Newest known user id in the parent business portfolio; empty for none',
    username       String COMMENT 'Newest known WhatsApp user name',
    name           String COMMENT 'Newest known profile name',
    seen_at        DateTime64(6, 'UTC') COMMENT 'Last time an item mentioned the contact, UTC'
)
AS
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
