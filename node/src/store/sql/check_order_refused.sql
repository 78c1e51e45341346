SELECT 'order ' || o.id AS subject,
       format('it is %s, has %s sales and costs %s minor units', o.state, s.count, o.total_minor) AS detail
FROM shop.orders o
CROSS JOIN LATERAL (SELECT count(*) FROM attest.events e WHERE e.order_id = o.id AND e.kind = 3) s
WHERE o.state IN ('refused', 'abnormal') AND (s.count > 0 OR o.total_minor > 0)
LIMIT $1
