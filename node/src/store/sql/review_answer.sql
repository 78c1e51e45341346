-- Orders $1 are delivered now, which answers whether they can be.
UPDATE shop.reviews SET closed_at_ms = $2::bigint, decision = 'delivered'
WHERE order_id = ANY ($1::uuid[]) AND closed_at_ms IS NULL AND question IN ('out_of_stock', 'undeliverable')
