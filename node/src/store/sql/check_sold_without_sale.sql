-- Kinds from the sale on: sold, redeemed, refunded, disputed, upheld.
SELECT 'key ' || coalesce(k.no, s.key_no) AS subject,
       CASE WHEN s.key_no IS NULL THEN format('its state is %s, and no order holds it', k.state)
            WHEN k.no IS NULL THEN format('order %s holds it, and there is no such key', s.order_id)
            WHEN o.id IS NULL THEN format('it was sold to order %s, which is not there', s.order_id)
            ELSE format('order %s holds it, and its state is %s', s.order_id, k.state) END AS detail
FROM shop.key_heads k
FULL JOIN (SELECT key_no, order_id FROM attest.events WHERE kind = 3) s ON s.key_no = k.no
LEFT JOIN shop.orders o ON o.id = s.order_id
WHERE coalesce(k.state IN (3, 4, 5, 7, 8), false) <> (o.id IS NOT NULL) OR k.no IS NULL
   OR (s.key_no IS NOT NULL AND o.id IS NULL)
LIMIT $1
