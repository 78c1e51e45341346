-- The next keys of each pool, from its cursor. Asked after the pools were locked, and so of a snapshot that has every key
-- which was activated or voided under that lock before.
SELECT k.no, k.key_id, k.pool_id, k.slot, k.version, k.head, k.head_at_ms, k.batch_id,
       b.wrapped_key, b.master_generation, g.sealed, g.vrf_proof
FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) AS want (pool_id, cursor, quantity)
CROSS JOIN LATERAL (
    SELECT * FROM shop.keys
    WHERE keys.pool_id = want.pool_id AND keys.slot >= want.cursor AND keys.state = 2
    ORDER BY keys.slot
    LIMIT want.quantity
) k
JOIN shop.goods g ON g.key_no = k.no
JOIN shop.batches b ON b.id = k.batch_id
ORDER BY k.pool_id, k.slot
