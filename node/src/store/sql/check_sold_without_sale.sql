-- Kinds from the sale on: sold, redeemed, refunded, disputed, upheld.
SELECT 'key ' || coalesce(k.no, s.key_no) AS subject,
       CASE WHEN s.key_no IS NULL THEN format('its state is %s, and no order holds it', k.state)
            WHEN k.no IS NULL THEN format('order %s holds it, and there is no such key', s.order_id)
            ELSE format('order %s holds it, and its state is %s', s.order_id, k.state) END AS detail
FROM shop.keys k FULL JOIN shop.sales s ON s.key_no = k.no
WHERE (k.state IN (3, 4, 5, 7, 8)) IS DISTINCT FROM (s.key_no IS NOT NULL)
LIMIT $1
