SELECT 'pool ' || p.id AS subject,
       format('its stock is %s, and it has %s activated keys', p.tail - p.cursor - p.holes, coalesce(k.count, 0)) AS detail
FROM shop.pools p
LEFT JOIN (SELECT pool_id, count(*) FROM shop.keys WHERE state = 2 GROUP BY pool_id) k ON k.pool_id = p.id
WHERE p.tail - p.cursor - p.holes <> coalesce(k.count, 0)
LIMIT $1
