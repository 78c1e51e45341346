-- How many of an order's items were delivered, and how many of those refunded (state 5).
SELECT count(*), count(*) FILTER (WHERE k.state = 5)
FROM shop.orders o
JOIN attest.events e ON e.key_no = ANY (o.keys) AND e.kind = 3 AND e.order_id = o.id
JOIN shop.keys k ON k.no = e.key_no
WHERE o.id = $1
