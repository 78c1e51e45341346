SELECT lines, imported, refused, is_complete
FROM shop.batches
WHERE id = $1
FOR UPDATE
