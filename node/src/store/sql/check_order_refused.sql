SELECT 'order ' || o.id AS subject,
       format('it is %s, and has %s sales and %s rows of the ledger', o.state, s.count, l.count) AS detail
FROM shop.orders o
CROSS JOIN LATERAL (SELECT count(*) FROM shop.sales WHERE order_id = o.id) s
CROSS JOIN LATERAL (SELECT count(*) FROM shop.ledger WHERE order_id = o.id) l
WHERE o.state IN ('refused', 'abnormal') AND s.count + l.count > 0
LIMIT $1
