SELECT 'key ' || k.no AS subject,
       format('it is in slot %s of pool %s, which has slots 1 to %s', k.slot, p.id, p.tail - 1) AS detail
FROM shop.keys k JOIN shop.pools p ON p.id = k.pool_id
WHERE k.slot NOT BETWEEN 1 AND p.tail - 1
LIMIT $1
