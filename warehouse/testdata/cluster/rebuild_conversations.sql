-- Derives the sessions of every conversation that has a message, or a session, at or after {since}.
--
-- A message opens a session when no customer message came in the 24 hours before it, unless it follows, within 24
-- hours, a message that was outside such a window itself: the customer answering what the business began, or the
-- business writing on. System messages, edits and revokes do not count. In one second, customers come first.
--
-- Whether a message opens a session depends on earlier messages only, so sessions that began before the one that spans
-- {since} stay as they are. Reading therefore starts, per conversation, at the last known session start not after
-- {since} (at {since} itself where none is known). Known sessions from there on that are not found again are superseded
-- by a row marked deleted; those that are found unchanged are not written again.
INSERT INTO conversations
(
    tenant_id, conversation_id, session_started_at, phone_number_id, contact_id, group_id, opened_by, campaign, last_message_at,
    last_customer_at, session_closes_at, first_customer_at, first_customer_wamid, first_reply_at, first_reply_wamid,
    first_response_seconds, inbound_messages, outbound_messages, retention_days, version, is_deleted
)
WITH
    toDateTime({since:Int64}, 'UTC') AS since,
    touched AS
    (
        SELECT tenant_id, conversation_id FROM messages WHERE sent_at >= since
        UNION DISTINCT
        SELECT tenant_id, conversation_id FROM conversations WHERE session_started_at >= since
    ),
    known_starts AS
    (
        SELECT tenant_id, conversation_id, max(session_started_at) AS cut
        FROM conversations FINAL
        WHERE session_started_at <= since AND is_deleted = 0 AND (tenant_id, conversation_id) GLOBAL IN (touched)
        GROUP BY tenant_id, conversation_id
    ),
    (SELECT min(cut) FROM (SELECT cut FROM known_starts UNION ALL SELECT since AS cut)) AS first_cut,
    candidates AS
    (
        SELECT m.*
        FROM
        (
            SELECT
                tenant_id, conversation_id, sent_at, wamid, phone_number_id, contact_id, group_id, campaign, retention_days,
                direction = 'inbound' AS from_customer
            FROM messages FINAL
            WHERE sent_at >= first_cut
                AND (tenant_id, conversation_id) GLOBAL IN (touched)
                AND type NOT IN ('system', 'edit', 'revoke')
        ) AS m
        GLOBAL LEFT JOIN known_starts AS k USING (tenant_id, conversation_id)
        WHERE m.sent_at >= if(toUnixTimestamp(k.cut) = 0, since, k.cut)
    ),
    windowed AS
    (
        SELECT
            *,
            max(from_customer) OVER earlier
                AND sent_at <= maxIf(sent_at, from_customer) OVER earlier + toIntervalDay(1) AS in_window
        FROM candidates
        WINDOW earlier AS (PARTITION BY tenant_id, conversation_id ORDER BY sent_at, from_customer DESC, wamid
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ),
    marked AS
    (
        SELECT
            *,
            NOT in_window AND (lagInFrame(in_window, 1, 1) OVER so_far
                OR sent_at > lagInFrame(sent_at) OVER so_far + toIntervalDay(1)) AS opens
        FROM windowed
        WINDOW so_far AS (PARTITION BY tenant_id, conversation_id ORDER BY sent_at, from_customer DESC, wamid
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ),
    numbered AS
    (
        SELECT *, sum(opens) OVER so_far AS session
        FROM marked
        WINDOW so_far AS (PARTITION BY tenant_id, conversation_id ORDER BY sent_at, from_customer DESC, wamid
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ),
    answered AS
    (
        SELECT *, NOT from_customer AND max(from_customer) OVER so_far AS is_reply
        FROM numbered
        WINDOW so_far AS (PARTITION BY tenant_id, conversation_id, session ORDER BY sent_at, from_customer DESC, wamid
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ),
    sessions AS
    (
        SELECT
            tenant_id,
            conversation_id,
            min(sent_at) AS session_started_at,
            argMin(phone_number_id, (sent_at, wamid)) AS phone_number_id,
            max(contact_id) AS contact_id,
            max(group_id) AS group_id,
            if(argMin(from_customer, (sent_at, NOT from_customer)), 'customer', 'business') AS opened_by,
            argMinIf(campaign, (sent_at, wamid), campaign != '') AS campaign,
            max(sent_at) AS last_message_at,
            max(if(from_customer, sent_at, NULL)) AS last_customer_at,
            min(if(from_customer, sent_at, NULL)) AS first_customer_at,
            argMinIf(wamid, (sent_at, wamid), from_customer) AS first_customer_wamid,
            min(if(is_reply, sent_at, NULL)) AS first_reply_at,
            argMinIf(wamid, (sent_at, wamid), is_reply) AS first_reply_wamid,
            countIf(from_customer) AS inbound_messages,
            countIf(NOT from_customer) AS outbound_messages,
            if(min(retention_days) = 0, 0, max(retention_days)) AS retention_days
        FROM answered
        GROUP BY tenant_id, conversation_id, session
    ),
    compared AS
    (
        SELECT
            tenant_id, conversation_id, session_started_at, 1 AS derived, 0 AS was_deleted, toUInt64(0) AS known_version,
            (
                toString(phone_number_id), contact_id, group_id, opened_by, toString(campaign), last_message_at, last_customer_at,
                ifNull(last_customer_at, last_message_at) + toIntervalDay(1), first_customer_at, first_customer_wamid, first_reply_at,
                first_reply_wamid, toUInt32OrNull(toString(dateDiff('second', first_customer_at, first_reply_at))),
                toUInt32(inbound_messages), toUInt32(outbound_messages), toUInt16(retention_days)
            ) AS facts
        FROM sessions
        UNION ALL
        SELECT
            tenant_id, conversation_id, session_started_at, 0 AS derived, is_deleted AS was_deleted, version AS known_version,
            (
                toString(phone_number_id), contact_id, group_id, toString(opened_by), toString(campaign), last_message_at, last_customer_at,
                session_closes_at, first_customer_at, first_customer_wamid, first_reply_at,
                first_reply_wamid, first_response_seconds,
                inbound_messages, outbound_messages, retention_days
            ) AS facts
        FROM
        (
            SELECT * FROM conversations FINAL
            WHERE session_started_at >= first_cut AND (tenant_id, conversation_id) GLOBAL IN (touched)
        ) AS c
        GLOBAL LEFT JOIN known_starts AS k USING (tenant_id, conversation_id)
        WHERE c.session_started_at >= if(toUnixTimestamp(k.cut) = 0, since, k.cut)
    )
SELECT
    tenant_id, conversation_id, session_started_at,
    chosen.1, chosen.2, chosen.3, chosen.4, chosen.5, chosen.6, chosen.7, chosen.8, chosen.9, chosen.10, chosen.11, chosen.12,
    chosen.13, chosen.14, chosen.15, chosen.16,
    greatest({version:UInt64}, next_version), NOT is_found
FROM
(
    SELECT
        tenant_id, conversation_id, session_started_at,
        argMax(facts, derived) AS chosen,
        max(derived) AS is_found,
        max(known_version) + 1 AS next_version,
        if(is_found,
            min(derived) = 0 AND max(was_deleted) = 0 AND toString(argMin(facts, derived)) = toString(chosen),
            max(was_deleted) = 1) AS is_unchanged
    FROM compared
    GROUP BY tenant_id, conversation_id, session_started_at
)
WHERE NOT is_unchanged
