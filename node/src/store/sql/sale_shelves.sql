-- Locks the pools that a batch of orders draws from, by id, and says what they hold and what it costs.
SELECT p.id, p.product_id, p.cursor, r.name, r.price_minor, r.currency, r.is_open, w.id
FROM shop.pools p
JOIN shop.products r ON r.id = p.product_id
JOIN shop.wallets w ON w.product_id = p.product_id AND w.kind = 'revenue'
WHERE p.product_id = ANY ($1::uuid[])
ORDER BY p.id
FOR UPDATE OF p
