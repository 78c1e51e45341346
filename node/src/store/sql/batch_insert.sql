INSERT INTO shop.batches (id, product_id, name, supplier, wrapped_key, master, source, created_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (product_id, name) DO NOTHING
