-- What was counted of an order for a limit is what the order holds of that SKU.
SELECT format('order %s, SKU %s', p.order_id, p.sku_id) AS subject,
       format('%s units were counted for account %s, and it bought %s', p.units_after - p.units_before, p.account_id,
              coalesce(l.units, 0)) AS detail
FROM shop.limited_purchases p
LEFT JOIN shop.orders o
    ON o.id = p.order_id AND o.account_id = p.account_id AND o.state NOT IN ('refused', 'abnormal')
LEFT JOIN LATERAL (SELECT sum(quantity) AS units FROM unnest(o.lines) WHERE sku_id = p.sku_id) l ON true
WHERE p.units_after - p.units_before <> coalesce(l.units, 0)
LIMIT $1
