SELECT name, imported, activated, is_complete, withdrawn_at_ms IS NOT NULL AS is_withdrawn
FROM shop.batches
WHERE id = $1
FOR UPDATE
