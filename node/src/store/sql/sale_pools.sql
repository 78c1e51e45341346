-- Locks the pools that a batch of orders draws from, by id. What they hold is read in a later statement: this one's snapshot
-- is older than the locks, and a sale does not update the row that it locks.
SELECT p.id
FROM shop.skus s JOIN shop.pools p ON p.sku_id = s.id AND p.owner_account IS NULL
WHERE s.product_id = ANY ($1::uuid[])
ORDER BY p.id
FOR NO KEY UPDATE OF p
