-- Keys are held for orders that wait for their payment, or are paid and not delivered; those of a hold that was taken went
-- to its order.
SELECT 'hold ' || h.id AS subject,
       CASE WHEN h.state = 'held' THEN format('it is held for order %s, which is %s', h.owner_id, coalesce(o.state, 'not there'))
            ELSE format('%s of its %s keys went to order %s', k.sold, h.end_slot - h.first_slot, h.owner_id) END AS detail
FROM shop.holds h
LEFT JOIN shop.orders o ON o.id = h.owner_id
CROSS JOIN LATERAL (
    SELECT count(*) AS sold
    FROM shop.keys JOIN attest.events e ON e.key_no = keys.no AND e.kind = 3 AND e.order_id = h.owner_id
    WHERE keys.pool_id = h.pool_id AND keys.slot >= h.first_slot AND keys.slot < h.end_slot
) k
WHERE h.owner_kind = 'order_line'
  AND CASE h.state WHEN 'held' THEN coalesce(o.state NOT IN ('awaiting_payment', 'paid'), true)
                   WHEN 'taken' THEN k.sold <> h.end_slot - h.first_slot ELSE false END
LIMIT $1
