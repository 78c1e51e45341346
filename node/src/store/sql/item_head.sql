-- The key that an order's item is, where it is now.
SELECT k.no, k.key_id, k.state, k.version, k.head, k.head_at_ms, k.prev, k.payload
FROM shop.orders o JOIN shop.key_heads k ON k.no = o.keys[$2]
WHERE o.id = $1
