-- An epoch's events, each as the 109 bytes of protocol §3: a row for each database transaction, with its events in any
-- order. The index is read in its own order for the one row of the epoch, so that nothing is sorted or kept in memory.
SELECT transactions.events
FROM attest.epochs c CROSS JOIN LATERAL (
    SELECT string_agg(
        e.key_id || int4send(e.version) || substr(int2send(e.kind), 2) || int8send(e.at_ms) || e.prev || e.payload,
        ''::bytea) AS events
    FROM attest.events e
    WHERE e.xid >= pg_snapshot_xmin(c.since) AND e.xid < pg_snapshot_xmax(c.snapshot)
        AND pg_visible_in_snapshot(e.xid, c.snapshot) AND NOT pg_visible_in_snapshot(e.xid, c.since)
        AND (c.after_key IS NULL OR (e.key_id, e.version) > (c.after_key, c.after_version))
        AND (c.upto_key IS NULL OR (e.key_id, e.version) <= (c.upto_key, c.upto_version))
    GROUP BY e.xid
) AS transactions
WHERE c.number = $1
