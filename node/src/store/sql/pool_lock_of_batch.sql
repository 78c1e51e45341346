-- The house's pool of the SKU that a batch is stock of.
SELECT pools.id, pools.tail, skus.product_id
FROM shop.batches
JOIN shop.skus ON skus.id = batches.sku_id
JOIN shop.pools ON pools.sku_id = skus.id AND pools.owner_account IS NULL
WHERE batches.id = $1
FOR NO KEY UPDATE OF pools
