-- What the locked pools hold, and what it costs.
SELECT st.pool_id, s.product_id, st.sku_id, st.cursor, st.cursor_holes, st.tail, st.holes, r.name, s.price_minor, s.currency,
       r.on_sale, w.id AS revenue_wallet
FROM shop.stock st
JOIN shop.skus s ON s.id = st.sku_id
JOIN shop.products r ON r.id = s.product_id
JOIN shop.wallets w ON w.product_id = s.product_id AND w.kind = 'revenue'
WHERE st.pool_id = ANY ($1::integer[])
