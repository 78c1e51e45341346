-- How many of an order's items were delivered, and how many of those refunded (state 5).
SELECT count(k.no), count(*) FILTER (WHERE k.state = 5)
FROM shop.orders o JOIN shop.keys k ON k.no = ANY (o.keys)
WHERE o.id = $1
