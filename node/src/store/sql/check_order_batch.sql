SELECT 'order ' || o.id AS subject, format('batch %s placed it, and is not there', o.batch_id) AS detail
FROM shop.orders o LEFT JOIN attest.sale_batches b ON b.id = o.batch_id
WHERE b.id IS NULL
LIMIT $1
