SELECT 'order ' || o.id AS subject,
       format('it is %s, and %s of its %s keys are refunded', o.state, s.refunded, s.total) AS detail
FROM shop.orders o
JOIN (
    SELECT e.order_id, count(*) AS total, count(*) FILTER (WHERE k.state = 5) AS refunded
    FROM attest.events e JOIN shop.keys k ON k.no = e.key_no
    WHERE e.kind = 3
    GROUP BY e.order_id
) s ON s.order_id = o.id
WHERE o.state IN ('delivered', 'partially_refunded', 'refunded')
  AND o.state <> CASE s.refunded WHEN 0 THEN 'delivered' WHEN s.total THEN 'refunded' ELSE 'partially_refunded' END
LIMIT $1
