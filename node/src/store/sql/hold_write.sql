-- Takes ranges $1 to $5 from their pools: those with $6 for the batch $9, those with an order $7 and a line $8 for a hold,
-- until $10, and the others for nobody: they are empty.
WITH taken AS (
    SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[], $7::uuid[],
                         $8::smallint[])
        AS u (pool_id, first_slot, end_slot, first_holes, end_holes, is_batch, order_id, line)
), held AS (
    INSERT INTO shop.holds (pool_id, first_slot, end_slot, owner_kind, owner_id, owner_line, expires_at_ms)
    SELECT pool_id, first_slot, end_slot, 'order_line', order_id, line, $10::bigint
    FROM taken WHERE order_id IS NOT NULL
    RETURNING id, pool_id, first_slot
)
INSERT INTO shop.takes (pool_id, first_slot, end_slot, first_holes, end_holes, batch_id, hold_id)
SELECT t.pool_id, t.first_slot, t.end_slot, t.first_holes, t.end_holes,
       CASE WHEN t.is_batch THEN $9::bigint END, h.id
FROM taken t LEFT JOIN held h ON h.pool_id = t.pool_id AND h.first_slot = t.first_slot
