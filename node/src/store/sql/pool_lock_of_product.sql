-- The house's pool of a product.
SELECT pools.id
FROM shop.skus
JOIN shop.pools ON pools.sku_id = skus.id AND pools.owner_account IS NULL
WHERE skus.product_id = $1
FOR NO KEY UPDATE OF pools
