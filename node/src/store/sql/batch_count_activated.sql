UPDATE shop.batches
SET activated = activated + $2
WHERE id = $1
