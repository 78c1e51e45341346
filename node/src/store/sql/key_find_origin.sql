-- The lines that the keys of these ids were imported from, and where the keys stand.
SELECT keys.key_id, keys.batch_id, keys.state, goods.line, batches.name AS batch, products.name AS product
FROM shop.key_heads keys
JOIN shop.goods ON goods.key_no = keys.no
JOIN shop.batches ON batches.id = keys.batch_id
JOIN shop.skus ON skus.id = batches.sku_id
JOIN shop.products ON products.id = skus.product_id
WHERE keys.key_id = ANY ($1)
