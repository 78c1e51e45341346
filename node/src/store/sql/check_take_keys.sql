-- Of the slots that a batch took, each has a key that this batch sold, or a voided one; of those that nobody took, a
-- voided one.
SELECT format('take of pool %s from slot %s', t.pool_id, t.first_slot) AS subject,
       format('of its %s slots %s are holes, and it has %s keys sold by %s and %s voided ones',
              t.end_slot - t.first_slot, t.end_holes - t.first_holes, k.sold,
              coalesce('batch ' || t.batch_id, 'nobody'), k.voided) AS detail
FROM shop.takes t
LEFT JOIN attest.sale_batches b ON b.id = t.batch_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE e.xid = b.xid) AS sold, count(*) FILTER (WHERE keys.state = 6) AS voided
    FROM shop.keys LEFT JOIN attest.events e ON e.key_no = keys.no AND e.kind = 3
    WHERE keys.pool_id = t.pool_id AND keys.slot >= t.first_slot AND keys.slot < t.end_slot
) k
WHERE t.hold_id IS NULL
  AND (k.sold + k.voided, k.voided) <> (t.end_slot - t.first_slot, t.end_holes - t.first_holes)
LIMIT $1
