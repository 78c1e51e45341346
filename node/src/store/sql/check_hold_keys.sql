-- State 2: activated. Each slot of a range that is held has such a key.
SELECT 'hold ' || h.id AS subject,
       format('slots %s to %s of pool %s are held for %s %s, and %s of their keys are activated',
              h.first_slot, h.end_slot - 1, h.pool_id, h.owner_kind, h.owner_id, k.count) AS detail
FROM shop.holds h
CROSS JOIN LATERAL (
    SELECT count(*) FROM shop.key_heads
    WHERE pool_id = h.pool_id AND slot >= h.first_slot AND slot < h.end_slot AND state = 2
) k
WHERE h.state = 'held' AND k.count <> h.end_slot - h.first_slot
LIMIT $1
