-- State 2: activated. Below its pool's cursor such a key is sold only where a hold keeps it.
SELECT 'key ' || k.no AS subject,
       CASE WHEN p.pool_id IS NULL THEN 'it is activated, and in no pool'
            ELSE format('it is activated, and its slot %s of pool %s is neither held nor for sale: %s to %s are',
                        k.slot, p.pool_id, p.cursor, p.tail - 1) END AS detail
FROM shop.key_heads k LEFT JOIN shop.stock p ON p.pool_id = k.pool_id
WHERE k.state = 2
  AND (p.pool_id IS NULL OR k.slot >= p.tail OR k.slot < p.cursor AND NOT EXISTS (
      SELECT FROM shop.holds h
      WHERE h.pool_id = k.pool_id AND h.state = 'held' AND h.first_slot <= k.slot AND k.slot < h.end_slot
  ))
LIMIT $1
