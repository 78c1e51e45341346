-- Those of one category. A statement of its own, so that it reads nothing but the index.
SELECT p.id, p.name, p.on_sale, p.version, p.created_at_ms, p.category,
       s.id AS sku_id, s.price_minor, s.currency, s.kind, s.policy, s.version AS sku_version,
       s.tier_quantities, s.tier_prices_minor, s.order_max, s.buyer_max, s.buyer_per, s.low_stock, st.available
FROM shop.products p
JOIN shop.skus s ON s.product_id = p.id
JOIN shop.stock st ON st.sku_id = s.id AND st.owner_account IS NULL
WHERE p.category = $3 AND p.id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid)
ORDER BY p.id
LIMIT $2
