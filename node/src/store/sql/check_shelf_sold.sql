SELECT 'key ' || k.no AS subject,
       format('its state is %s, and slot %s is still on the shelf of pool %s, from %s', k.state, k.slot, p.id, p.cursor)
           AS detail
FROM shop.keys k JOIN shop.pools p ON p.id = k.pool_id
WHERE k.state IN (3, 4, 5, 7, 8) AND k.slot >= p.cursor
LIMIT $1
