-- Those of the orders $1 for which something is held in another pool than $2.
SELECT DISTINCT owner_id FROM shop.holds
WHERE owner_kind = 'order_line' AND owner_id = ANY ($1::uuid[]) AND state = 'held' AND pool_id <> ALL ($2::integer[])
