-- The keys of an order in the order in which they were handed out, with all that opens them.
SELECT s.key_no, s.line, l.product_id, l.price_minor, s.anchor_by_s, s.path, s.signature,
       k.key_id, k.state, k.version, k.head, k.head_at_ms, k.batch_id, b.wrapped_key, b.master, g.sealed, g.vrf_proof
FROM shop.sales s
JOIN shop.order_lines l ON l.order_id = s.order_id AND l.line = s.line
JOIN shop.keys k ON k.no = s.key_no
JOIN shop.goods g ON g.key_no = s.key_no
JOIN shop.batches b ON b.id = k.batch_id
WHERE s.order_id = $1
ORDER BY s.line, k.pool_id, k.slot
