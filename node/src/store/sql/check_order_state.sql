-- State 5: refunded. Of an order that has keys: refunded in full, in part, or not. What was not delivered of a refunded
-- order was refunded too.
SELECT 'order ' || o.id AS subject,
       format('it is %s, and %s of its %s keys are refunded', o.state, s.refunded, s.total) AS detail
FROM shop.orders o
JOIN (
    SELECT e.order_id, count(*) AS total, count(*) FILTER (WHERE k.state = 5) AS refunded
    FROM attest.events e JOIN shop.keys k ON k.no = e.key_no
    WHERE e.kind = 3
    GROUP BY e.order_id
) s ON s.order_id = o.id
CROSS JOIN LATERAL (SELECT sum(quantity) AS quantity FROM unnest(o.lines)) l
WHERE o.state IN ('delivered', 'partially_refunded', 'refunded')
  AND o.state <> CASE WHEN s.refunded = s.total THEN 'refunded'
                      WHEN s.refunded > 0 OR s.total < l.quantity THEN 'partially_refunded'
                      ELSE 'delivered' END
LIMIT $1
