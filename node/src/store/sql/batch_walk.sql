-- Ids of batches from $2 on, oldest first, with how many keys came in: of the product $1, and only the batch $3, where these are given.
SELECT b.id, b.imported
FROM shop.batches b JOIN shop.skus s ON s.id = b.sku_id
WHERE b.id >= $2 AND ($1::uuid IS NULL OR s.product_id = $1) AND ($3::uuid IS NULL OR b.id = $3)
ORDER BY b.id
LIMIT $4
