-- The batch of that id, or those of that name: two rows mean that the name is ambiguous.
SELECT id
FROM shop.batches
WHERE id = $1 OR ($1 IS NULL AND name = $2)
LIMIT 2
