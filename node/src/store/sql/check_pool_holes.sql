SELECT 'pool ' || p.id AS subject,
       format('it says %s holes, and %s voided keys are between its cursor and its tail', p.holes, k.count) AS detail
FROM shop.pools p
CROSS JOIN LATERAL (
    SELECT count(*) FROM shop.keys
    WHERE pool_id = p.id AND slot >= p.cursor AND slot < p.tail AND state = 6
) k
WHERE p.holes <> k.count
LIMIT $1
