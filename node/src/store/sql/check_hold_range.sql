SELECT 'hold ' || h.id AS subject,
       format('its slots %s to %s of pool %s were never taken for it',
              h.first_slot, h.end_slot - 1, h.pool_id) AS detail
FROM shop.holds h LEFT JOIN shop.takes t ON t.pool_id = h.pool_id AND t.first_slot = h.first_slot
WHERE t.hold_id IS DISTINCT FROM h.id
LIMIT $1
