-- What was committed since a snapshot: how many events, the oldest one's time, the first deadline; and the snapshot of this look.
SELECT pg_current_snapshot()::text, count(*), min(at_ms), min(anchor_by_s)
FROM attest.events
WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
