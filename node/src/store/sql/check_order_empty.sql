SELECT 'order ' || o.id AS subject, format('it is %s, without a key and without a reason', o.state) AS detail
FROM shop.orders o
WHERE o.reason IS NULL AND NOT EXISTS (SELECT FROM shop.sales s WHERE s.order_id = o.id)
LIMIT $1
