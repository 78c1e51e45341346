-- Where keys of these ids came from.
SELECT keys.key_id, keys.batch_id, goods.line, batches.name AS batch, products.name AS product
FROM shop.keys
JOIN shop.goods ON goods.key_no = keys.no
JOIN shop.batches ON batches.id = keys.batch_id
JOIN shop.products ON products.id = batches.product_id
WHERE keys.key_id = ANY ($1)
