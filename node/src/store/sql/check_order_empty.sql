-- An order that was refunded before anything was delivered has cancelled lines, and no key either.
SELECT 'order ' || o.id AS subject, format('it is %s, without a key and without a reason', o.state) AS detail
FROM shop.orders o
WHERE (o.state IN ('partially_delivered', 'delivered', 'partially_refunded')
       OR o.state = 'refunded' AND 'cancelled' <> ALL (SELECT fulfilment FROM unnest(o.lines)))
  AND NOT EXISTS (SELECT FROM attest.events e WHERE e.order_id = o.id AND e.kind = 3)
LIMIT $1
