SELECT pools.id, pools.tail, pools.product_id
FROM shop.pools
JOIN shop.batches ON batches.product_id = pools.product_id
WHERE batches.id = $1
FOR UPDATE OF pools
