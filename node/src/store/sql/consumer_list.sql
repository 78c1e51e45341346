-- All consumers, and how many facts each has not read, at most.
SELECT c.name, c.since::text, c.messages, c.acked_at_ms,
    (SELECT count(*) FROM shop.outbox o
     WHERE o.xid >= pg_snapshot_xmin(c.since) AND NOT pg_visible_in_snapshot(o.xid, c.since)) AS facts
FROM shop.consumers c ORDER BY c.name
