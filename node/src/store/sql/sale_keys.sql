-- The next keys of each pool from its cursor, at most as many as are wanted, each with the slot of the next key. If
-- there are voided keys ahead, one more key is looked up, so that a take ends at a key or at the tail, and the slots
-- of voided keys are read only once. Of keys that came in behind the tail, which a read without the pool's lock may
-- see, nothing is read. A key that was sold has state 2 too: it lies before the cursor.
SELECT k.no, k.key_id, k.pool_id, k.slot, k.next_slot, k.version, k.head, k.head_at_ms, k.batch_id,
       b.wrapped_key, b.master_generation, g.sealed, g.vrf_proof
FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
    AS want (pool_id, quantity, cursor, tail, holes_ahead)
CROSS JOIN LATERAL (
    SELECT next.*,
           row_number() OVER (ORDER BY slot) AS place,
           coalesce(lead(slot) OVER (ORDER BY slot), CASE want.holes_ahead WHEN 0 THEN slot + 1 ELSE want.tail END)
               AS next_slot
    FROM (
        SELECT * FROM shop.keys
        WHERE keys.pool_id = want.pool_id AND keys.slot >= want.cursor AND keys.slot < want.tail AND keys.state = 2
        ORDER BY keys.slot
        LIMIT want.quantity + least(want.holes_ahead, 1)
    ) next
) k
JOIN shop.goods g ON g.key_no = k.no
JOIN shop.batches b ON b.id = k.batch_id
WHERE k.place <= want.quantity
ORDER BY k.pool_id, k.slot
