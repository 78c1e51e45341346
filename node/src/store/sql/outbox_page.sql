-- Facts that are visible in the snapshot $2 and not in $1, after an id, in the order of their ids.
SELECT id, topic, key, at_ms, body::text
FROM shop.outbox
WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND xid < pg_snapshot_xmax($2::text::pg_snapshot)
    AND pg_visible_in_snapshot(xid, $2::text::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
    AND id > $3
ORDER BY id LIMIT $4
