SELECT format('order %s, line %s', l.order_id, l.line) AS subject,
       CASE WHEN o.id IS NULL THEN 'there is no such order'
            ELSE format('%s keys were ordered, %s sold', l.quantity, count(s.key_no)) END AS detail
FROM shop.order_lines l
LEFT JOIN shop.orders o ON o.id = l.order_id
LEFT JOIN shop.sales s ON s.order_id = l.order_id AND s.line = l.line
WHERE o.id IS NULL OR o.state IN ('delivered', 'partially_refunded', 'refunded')
GROUP BY l.order_id, l.line, l.quantity, o.id
HAVING o.id IS NULL OR count(s.key_no) <> l.quantity
LIMIT $1
