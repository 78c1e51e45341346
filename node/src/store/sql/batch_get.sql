SELECT id, product_id, name, supplier, lines, imported, refused, activated, is_complete, created_at_ms
FROM shop.batches WHERE id = $1
