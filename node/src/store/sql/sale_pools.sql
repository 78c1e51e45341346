-- Locks the pools that a batch of orders draws from, by id, and says what they hold and what it costs.
SELECT p.id, s.product_id, s.id, p.cursor, r.name, s.price_minor, s.currency, r.on_sale, w.id
FROM shop.skus s
JOIN shop.products r ON r.id = s.product_id
JOIN shop.pools p ON p.sku_id = s.id AND p.owner_account IS NULL
JOIN shop.wallets w ON w.product_id = s.product_id AND w.kind = 'revenue'
WHERE s.product_id = ANY ($1::uuid[])
ORDER BY p.id
FOR UPDATE OF p
