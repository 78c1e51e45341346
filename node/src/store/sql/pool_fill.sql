-- New slots at the tail, as many as keys were put there.
UPDATE shop.pools
SET tail = tail + $2
WHERE id = $1
