-- A page of the events that are visible in the snapshot $2 and not in $1: those after the event ($3, $4, $5), or the
-- first ones. A key's times never decrease, so that this order keeps the order of its versions.
SELECT key_no, version, kind, at_ms, key_id, prev, payload, salt, body
FROM attest.events
WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND xid < pg_snapshot_xmax($2::text::pg_snapshot)
    AND pg_visible_in_snapshot(xid, $2::text::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
    AND ($3::bigint IS NULL OR (at_ms, key_no, version) > ($3, $4::bigint, $5::integer))
ORDER BY at_ms, key_no, version LIMIT $6
