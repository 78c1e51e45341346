-- How many of an order's items were refunded.
SELECT count(*) FROM attest.events e JOIN shop.keys k ON k.no = e.key_no
WHERE e.order_id = $1 AND e.kind = 3 AND k.state = 5
