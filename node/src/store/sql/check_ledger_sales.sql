-- A delivered line that cost something has one row of the ledger over its amount; every such row has its line.
WITH lines AS (
    SELECT l.order_id, l.line, l.price_minor * l.quantity AS amount_minor
    FROM shop.order_lines l JOIN shop.orders o ON o.id = l.order_id
    WHERE o.state IN ('delivered', 'partially_refunded', 'refunded') AND l.price_minor > 0
), paid AS (
    SELECT order_id, line, count(*) AS rows, sum(amount_minor) AS amount_minor
    FROM shop.ledger WHERE kind = 'sale' GROUP BY order_id, line
)
SELECT format('order %s, line %s', order_id, line) AS subject,
       format('it costs %s minor units, and %s rows of the ledger pay %s', coalesce(l.amount_minor::text, 'no'),
              coalesce(p.rows, 0), coalesce(p.amount_minor, 0)) AS detail
FROM lines l FULL JOIN paid p USING (order_id, line)
WHERE p.rows IS DISTINCT FROM 1 OR p.amount_minor IS DISTINCT FROM l.amount_minor
LIMIT $1
