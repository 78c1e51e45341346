SELECT 'pool ' || p.id AS subject,
       format('%s keys are available by its counters, and it has %s activated keys from its cursor on',
              p.tail - p.cursor - p.holes, k.count) AS detail
FROM shop.pools p
CROSS JOIN LATERAL (SELECT count(*) FROM shop.keys WHERE pool_id = p.id AND slot >= p.cursor AND state = 2) k
WHERE p.tail - p.cursor - p.holes <> k.count
LIMIT $1
