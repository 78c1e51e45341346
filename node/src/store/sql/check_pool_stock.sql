SELECT 'pool ' || p.pool_id AS subject,
       format('%s keys are available by its counters, and it has %s activated keys from its cursor on',
              p.available, k.count) AS detail
FROM shop.stock p
CROSS JOIN LATERAL (SELECT count(*) FROM shop.key_heads WHERE pool_id = p.pool_id AND slot >= p.cursor AND state = 2) k
WHERE p.available <> k.count
LIMIT $1
