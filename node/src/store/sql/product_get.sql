SELECT p.id, p.name, p.on_sale, p.version, p.created_at_ms, p.category,
       s.id AS sku_id, s.price_minor, s.currency, s.kind, s.policy, s.version AS sku_version,
       s.tier_quantities, s.tier_prices_minor, s.order_max, s.buyer_max, s.buyer_per, s.low_stock
FROM shop.products p JOIN shop.skus s ON s.product_id = p.id
WHERE p.id = $1
