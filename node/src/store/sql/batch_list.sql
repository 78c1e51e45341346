SELECT id, product_id, name, supplier, lines, imported, refused, activated, is_complete, created_at_ms
FROM shop.batches
WHERE ($1::uuid IS NULL OR product_id = $1) AND ($2::uuid IS NULL OR id > $2)
ORDER BY id
LIMIT $3
