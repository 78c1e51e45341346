-- What a consumer reads next: from `since` to `snapshot`, after a part that it has read. The end is the one that it
-- began with; else the next epoch's, which bounds how much there is to be sorted for a consumer that was away; else
-- this statement's.
SELECT c.since::text, coalesce(c.snapshot, next.snapshot, pg_current_snapshot())::text AS snapshot,
    coalesce(c.after_id, 0) AS after_id, c.after_at_ms, c.after_key_no, c.after_version, c.version,
    CASE WHEN c.snapshot IS NULL THEN coalesce(next.number, (SELECT max(number) FROM attest.epochs), 0)
         ELSE c.epoch END AS epoch,
    c.snapshot IS NULL AND next.number IS NULL AS is_newest,
    -- A server that counts transactions from an earlier number than the one that the position is of.
    pg_snapshot_xmax(c.since) > pg_snapshot_xmax(pg_current_snapshot()) AS is_foreign
FROM shop.consumers c LEFT JOIN LATERAL (
    SELECT e.number, e.snapshot FROM attest.epochs e
    WHERE c.snapshot IS NULL AND e.number > c.epoch AND pg_snapshot_xmax(e.snapshot) > pg_snapshot_xmax(c.since)
    ORDER BY e.number LIMIT 1
) AS next ON true
WHERE c.name = $1
