-- What is held for each order, by its lines and the slots.
SELECT id, owner_id, owner_line, pool_id, first_slot, end_slot
FROM shop.holds
WHERE owner_kind = 'order_line' AND owner_id = ANY ($1::uuid[]) AND state = 'held'
ORDER BY owner_id, owner_line, pool_id, first_slot
