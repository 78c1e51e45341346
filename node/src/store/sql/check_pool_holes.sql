SELECT 'pool ' || p.id AS subject, format('it says %s holes, and %s of its keys are voided', p.holes, k.count) AS detail
FROM shop.pools p
CROSS JOIN LATERAL (SELECT count(*) FROM shop.keys WHERE pool_id = p.id AND state = 6) k
WHERE p.holes <> k.count
LIMIT $1
