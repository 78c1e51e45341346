-- Of which orders it is an open question whether they can be delivered.
SELECT DISTINCT order_id FROM shop.reviews
WHERE order_id = ANY ($1::uuid[]) AND closed_at_ms IS NULL AND question IN ('out_of_stock', 'undeliverable')
