SELECT 'order ' || o.id AS subject,
       format('it is %s, has %s sales and costs %s minor units', o.state, coalesce(s.count, 0), o.total_minor) AS detail
FROM shop.orders o
LEFT JOIN (SELECT order_id, count(*) FROM attest.events WHERE kind = 3 GROUP BY order_id) s ON s.order_id = o.id
WHERE o.state IN ('refused', 'abnormal') AND (s.count > 0 OR o.total_minor > 0)
LIMIT $1
