SELECT 'hold ' || h.id AS subject,
       format('its slots are %s to %s, and pool %s has moved its cursor to %s only', h.first_slot, h.end_slot - 1, p.id, p.cursor)
           AS detail
FROM shop.holds h JOIN shop.pools p ON p.id = h.pool_id
WHERE h.end_slot > p.cursor
LIMIT $1
