-- The key that an order's item is, where it is now.
SELECT k.no, k.key_id, k.state, k.version, k.head, k.head_at_ms
FROM attest.events e JOIN shop.keys k ON k.no = e.key_no
WHERE e.order_id = $1 AND e.item = $2 AND e.kind = 3
