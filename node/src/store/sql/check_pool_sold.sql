SELECT 'key ' || k.no AS subject,
       format('its state is %s, and its slot %s of pool %s is still for sale: the cursor is at %s',
              k.state, k.slot, p.pool_id, p.cursor) AS detail
FROM shop.key_heads k JOIN shop.stock p ON p.pool_id = k.pool_id
WHERE k.state IN (3, 4, 5, 7, 8) AND k.slot >= p.cursor
LIMIT $1
