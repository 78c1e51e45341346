-- Items are numbered through the lines of their order, from 1: each number up to a line's last, and none after the last
-- line's.
WITH lines AS (
    SELECT o.id, l.line, l.quantity, l.fulfilment,
           sum(l.quantity) OVER (PARTITION BY o.id ORDER BY l.line) - l.quantity + 1 AS first,
           sum(l.quantity) OVER (PARTITION BY o.id ORDER BY l.line) AS last
    FROM shop.orders o
    CROSS JOIN LATERAL unnest(o.lines)
        WITH ORDINALITY AS l (product_id, sku_id, quantity, unit_minor, discount_minor, net_minor, fulfilment, line)
), sold AS (
    SELECT order_id, item FROM attest.events WHERE kind = 3
), counted AS (
    SELECT l.id, l.line, l.quantity, l.fulfilment, count(s.item) AS items
    FROM lines l LEFT JOIN sold s ON s.order_id = l.id AND s.item BETWEEN l.first AND l.last
    GROUP BY l.id, l.line, l.quantity, l.fulfilment
)
SELECT format('order %s, line %s', id, line) AS subject,
       format('%s keys were ordered, %s sold, and the line is %s', quantity, items, fulfilment) AS detail
FROM counted
WHERE NOT CASE fulfilment WHEN 'delivered' THEN items = quantity
                          WHEN 'partially_delivered' THEN items BETWEEN 1 AND quantity - 1
                          ELSE items = 0 END
UNION ALL
SELECT format('order %s, item %s', s.order_id, s.item), 'no line of the order has such an item'
FROM sold s
WHERE NOT EXISTS (SELECT FROM lines l WHERE l.id = s.order_id AND s.item BETWEEN l.first AND l.last)
LIMIT $1
