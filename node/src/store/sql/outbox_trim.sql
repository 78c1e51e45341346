-- Deletes at most $2 facts from before a time that every consumer has read, oldest first.
DELETE FROM shop.outbox
WHERE id IN (
    SELECT o.id FROM shop.outbox o
    WHERE o.at_ms < $1 AND NOT EXISTS (SELECT FROM shop.consumers c WHERE NOT pg_visible_in_snapshot(o.xid, c.since))
    ORDER BY o.id LIMIT $2
)
