SELECT 'order ' || o.id AS subject,
       format('it costs %s less %s minor units, and its lines %s less %s',
              o.subtotal_minor, o.discount_minor, l.subtotal, l.discount) AS detail
FROM shop.orders o
CROSS JOIN LATERAL (
    SELECT sum(unit_minor * quantity) AS subtotal, sum(discount_minor) AS discount FROM unnest(o.lines)
) l
WHERE (o.subtotal_minor, o.discount_minor) <> (l.subtotal, l.discount)
LIMIT $1
