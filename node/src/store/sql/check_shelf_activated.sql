-- State 2: activated. Behind the cursor nobody would ever sell it.
SELECT 'key ' || k.no AS subject,
       CASE WHEN p.id IS NULL THEN 'it is activated, and in no pool'
            ELSE format('it is activated, and its slot %s is not on the shelf of pool %s: %s to %s',
                        k.slot, p.id, p.cursor, p.tail - 1) END AS detail
FROM shop.keys k LEFT JOIN shop.pools p ON p.id = k.pool_id
WHERE k.state = 2 AND (p.id IS NULL OR k.slot < p.cursor OR k.slot >= p.tail)
LIMIT $1
