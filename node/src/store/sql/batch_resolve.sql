-- The batch of that id, or those of that name; two tell that the name alone does not.
SELECT id
FROM shop.batches
WHERE id = $1 OR ($1 IS NULL AND name = $2)
LIMIT 2
