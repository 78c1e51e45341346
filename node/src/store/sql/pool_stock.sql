-- How many keys of a pool can be sold, and the level at which that is low.
SELECT s.product_id, r.name, s.low_stock, st.available
FROM shop.stock st
JOIN shop.skus s ON s.id = st.sku_id
JOIN shop.products r ON r.id = s.product_id
WHERE st.pool_id = $1
