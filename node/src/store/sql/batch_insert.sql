INSERT INTO shop.batches (id, sku_id, name, supplier, wrapped_key, master, source, created_at_ms)
SELECT $1, id, $3, $4, $5, $6, $7, $8 FROM shop.skus WHERE product_id = $2
ON CONFLICT (sku_id, name) DO NOTHING
