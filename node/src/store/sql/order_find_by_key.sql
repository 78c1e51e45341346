-- The order that got a key.
SELECT sales.order_id FROM shop.keys JOIN shop.sales ON sales.key_no = keys.no WHERE keys.key_id = $1
