-- Deletes at most $2 facts that are older than $1 ms and that every consumer has read, oldest first. The clock is the
-- one that wrote their times.
DELETE FROM shop.outbox
WHERE id IN (
    SELECT o.id FROM shop.outbox o
    WHERE o.at_ms < (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1)
        AND NOT EXISTS (SELECT FROM shop.consumers c WHERE NOT pg_visible_in_snapshot(o.xid, c.since))
    ORDER BY o.id LIMIT $2
)
