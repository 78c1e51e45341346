-- The order that got a key.
SELECT e.order_id FROM shop.keys k JOIN attest.events e ON e.key_no = k.no AND e.kind = 3 WHERE k.key_id = $1
