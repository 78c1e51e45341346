SELECT p.id, p.name, p.on_sale, p.version, p.created_at_ms,
       s.id AS sku_id, s.price_minor, s.currency, s.kind, s.policy, s.version AS sku_version
FROM shop.products p JOIN shop.skus s ON s.product_id = p.id
WHERE $1::uuid IS NULL OR p.id > $1
ORDER BY p.id
LIMIT $2
