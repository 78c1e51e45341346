-- A refunded key that cost something was paid back once, at its price; nothing else was paid back.
WITH refunded AS (
    SELECT s.key_no, s.order_id, s.line, l.price_minor
    FROM shop.keys k
    JOIN shop.sales s ON s.key_no = k.no
    JOIN shop.order_lines l ON l.order_id = s.order_id AND l.line = s.line
    WHERE k.state = 5 AND l.price_minor > 0
), paid AS (
    SELECT key_no, order_id, line, count(*) AS rows, sum(amount_minor) AS amount_minor
    FROM shop.ledger WHERE kind = 'refund' GROUP BY key_no, order_id, line
)
SELECT format('key %s, order %s', key_no, order_id) AS subject,
       format('%s minor units are to be paid back, and %s rows of the ledger pay %s', coalesce(r.price_minor, 0),
              coalesce(p.rows, 0), coalesce(p.amount_minor, 0)) AS detail
FROM refunded r FULL JOIN paid p USING (key_no, order_id, line)
WHERE p.rows IS DISTINCT FROM 1 OR p.amount_minor IS DISTINCT FROM r.price_minor
LIMIT $1
