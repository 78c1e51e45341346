-- An order that was placed unpaid is paid where a payment of it was received, and only there; what was delivered of it was
-- sold by the batch that it names.
SELECT 'order ' || o.id AS subject,
       CASE WHEN (o.state IN ('awaiting_payment', 'expired', 'cancelled')) = p.is_received
            THEN format('it is %s, and a payment of it was %s', o.state,
                        CASE WHEN p.is_received THEN 'received' ELSE 'not received' END)
            ELSE format('batch %s delivered it, and %s of its %s keys were sold by that', o.delivered_by, s.keys,
                        cardinality(o.keys)) END AS detail
FROM shop.orders o
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM shop.payments WHERE order_id = o.id AND state = 'received') AS is_received
) p
LEFT JOIN attest.sale_batches b ON b.id = o.delivered_by
CROSS JOIN LATERAL (
    SELECT count(*) AS keys FROM attest.events e WHERE e.key_no = ANY (o.keys) AND e.kind = 3 AND e.xid = b.xid
) s
WHERE o.expires_at_ms IS NOT NULL
  AND ((o.state IN ('awaiting_payment', 'expired', 'cancelled')) = p.is_received OR s.keys <> cardinality(o.keys))
LIMIT $1
