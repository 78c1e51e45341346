-- The key that an order's item is, where it is now.
SELECT k.no, k.key_id, k.state, k.version, k.head, k.head_at_ms, k.prev, k.payload
FROM shop.orders o
JOIN attest.events e ON e.key_no = o.keys[$2] AND e.kind = 3 AND e.order_id = o.id AND e.item = $2
JOIN shop.key_heads k ON k.no = e.key_no
WHERE o.id = $1
