SELECT name, imported, activated, is_complete
FROM shop.batches
WHERE id = $1
FOR UPDATE
