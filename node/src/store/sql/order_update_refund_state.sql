-- After a refund: whether all of an order's keys were paid back, or some.
UPDATE shop.orders o
SET state = CASE WHEN EXISTS (
    SELECT FROM shop.sales s JOIN shop.keys k ON k.no = s.key_no WHERE s.order_id = o.id AND k.state <> 5
) THEN 'partially_refunded' ELSE 'refunded' END
WHERE o.id = $1
RETURNING o.state
