-- The delivered items of an order by their numbers, with all that opens them, and the batch that sold each.
SELECT e.item, e.key_no, e.version AS sale_version, e.at_ms, e.key_id, e.prev, e.payload, e.salt, e.body, e.anchor_by_s,
       s.id AS sale_batch, s.signature, s.id = o.batch_id AS is_first_answer,
       k.state, k.version, k.head, k.head_at_ms, k.batch_id, b.wrapped_key, b.master, g.sealed, g.vrf_proof
FROM attest.events e
JOIN shop.orders o ON o.id = e.order_id
LEFT JOIN shop.sale_batches s ON s.xid = e.xid
JOIN shop.keys k ON k.no = e.key_no
JOIN shop.goods g ON g.key_no = e.key_no
JOIN shop.batches b ON b.id = k.batch_id
WHERE e.order_id = $1 AND e.kind = 3
ORDER BY e.item
