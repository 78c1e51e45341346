-- How many of an order's items were delivered, and how many of those refunded (state 5).
SELECT count(*), count(*) FILTER (WHERE k.state = 5) FROM attest.events e JOIN shop.keys k ON k.no = e.key_no
WHERE e.order_id = $1 AND e.kind = 3
