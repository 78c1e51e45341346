-- A refunded item that cost something was paid back once, at its part of its line's net amount; nothing else was paid
-- back.
WITH lines AS (
    SELECT o.id, l.quantity, l.net_minor,
           sum(l.quantity) OVER (PARTITION BY o.id ORDER BY l.line) - l.quantity + 1 AS first,
           sum(l.quantity) OVER (PARTITION BY o.id ORDER BY l.line) AS last
    FROM shop.orders o
    CROSS JOIN LATERAL unnest(o.lines)
        WITH ORDINALITY AS l (product_id, sku_id, quantity, unit_minor, discount_minor, net_minor, fulfilment, line)
), refunded AS (
    SELECT format('%s/%s', e.order_id, e.item) AS cause,
           -- The first items bear the minor units that do not divide.
           l.net_minor / l.quantity + CASE WHEN e.item - l.first < l.net_minor % l.quantity THEN 1 ELSE 0 END
               AS amount_minor
    FROM shop.keys k
    JOIN attest.events e ON e.key_no = k.no AND e.kind = 3
    JOIN lines l ON l.id = e.order_id AND e.item BETWEEN l.first AND l.last
    WHERE k.state = 5
), paid AS (
    SELECT cause, sum(amount_minor) AS amount_minor
    FROM (
        SELECT cause, amount_minor FROM shop.transfers WHERE kind = 'refund' AND state = 'posted'
        UNION ALL
        -- What goes back through a gateway.
        SELECT format('%s/%s', p.order_id, r.item), r.amount_minor
        FROM shop.repayments r JOIN shop.payments p ON p.id = r.payment_id
        WHERE r.item IS NOT NULL
    ) back
    GROUP BY cause
)
SELECT format('refund %s (order/item)', cause) AS subject,
       format('%s minor units are to be paid back, and %s were',
              coalesce(r.amount_minor, 0), coalesce(p.amount_minor, 0)) AS detail
FROM refunded r FULL JOIN paid p USING (cause)
WHERE coalesce(r.amount_minor, 0) <> coalesce(p.amount_minor, 0)
LIMIT $1
