-- The events that were committed since a snapshot: the snapshot of this count, their number, and their first deadline.
SELECT pg_current_snapshot()::text, count(*), min(anchor_by_s)
FROM attest.events
-- Not visible in a snapshot: begun after it, or running then. A range and a list, for the index.
WHERE xid >= pg_snapshot_xmax($1::text::pg_snapshot) OR xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot)))
