SELECT 'order ' || o.id AS subject, CASE WHEN b.id IS NULL THEN format('batch %s placed it, and is not there', o.batch_id)
       ELSE format('it was placed at %s, and its batch %s at %s', o.created_at_ms, b.id, b.at_ms) END AS detail
FROM shop.orders o LEFT JOIN attest.sale_batches b ON b.id = o.batch_id
WHERE b.id IS NULL OR b.at_ms <> o.created_at_ms
LIMIT $1
