-- The keys of an order are those whose sales name it, each at the place of its item. The events have no index that
-- would refuse an item twice: ids of orders are spread evenly, and that index would cost every sale.
SELECT format('order %s, item %s', coalesce(o.id, s.order_id), coalesce(o.item, s.item)) AS subject,
       CASE WHEN s.key_no IS NULL THEN format('it names key %s, which was not sold as this item', o.key_no)
            ELSE format('key %s was sold as this item, and the order does not name it', s.key_no) END AS detail
FROM (
    SELECT orders.id, keys.key_no, keys.item
    FROM shop.orders CROSS JOIN LATERAL unnest(orders.keys) WITH ORDINALITY AS keys (key_no, item)
) o
FULL JOIN (SELECT order_id, item, key_no FROM attest.events WHERE kind = 3) s
    ON s.order_id = o.id AND s.item = o.item AND s.key_no = o.key_no
WHERE o.id IS NULL OR s.key_no IS NULL
LIMIT $1
