-- Locks the pools of what is held for orders, but for those that somebody else has locked.
SELECT p.id FROM shop.pools p
WHERE p.id IN (
    SELECT pool_id FROM shop.holds WHERE owner_kind = 'order_line' AND owner_id = ANY ($1::uuid[]) AND state = 'held'
)
ORDER BY p.id
FOR NO KEY UPDATE SKIP LOCKED
