SELECT id, supplier, wrapped_key, master, source, lines, imported, refused, activated, is_complete
FROM shop.batches
WHERE product_id = $1 AND name = $2
