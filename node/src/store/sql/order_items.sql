-- The delivered items of an order by their numbers, with all that opens them, the batch that sold each, and whether a final
-- epoch holds the sale.
SELECT cardinality(o.keys) AS items, e.item, e.version AS sale_version, e.at_ms, e.prev AS sale_prev, e.payload AS sale_payload, e.salt, e.body,
       e.anchor_by_s, s.id AS sale_batch, s.signature, s.id = o.batch_id AS is_first_answer,
       coalesce(pg_visible_in_snapshot(e.xid, (SELECT snapshot FROM attest.final_snapshot)), false) AS is_final,
       k.no, k.key_id, k.state, k.version, k.head, k.head_at_ms, k.prev, k.payload, k.batch_id,
       b.wrapped_key, b.master_generation, g.sealed, g.vrf_proof
FROM shop.orders o
JOIN attest.events e ON e.key_no = ANY (o.keys) AND e.kind = 3 AND e.order_id = o.id
LEFT JOIN attest.sale_batches s ON s.xid = e.xid
JOIN shop.key_heads k ON k.no = e.key_no
JOIN shop.goods g ON g.key_no = e.key_no
JOIN shop.batches b ON b.id = k.batch_id
WHERE o.id = $1
ORDER BY e.item
