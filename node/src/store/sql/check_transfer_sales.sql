-- What the orders of a batch cost was posted once for each pair of wallets; every such transfer has its orders. An order
-- that was placed unpaid is paid from what is not delivered, by the batch that delivered it.
WITH lines AS (
    SELECT coalesce(o.delivered_by, o.batch_id) AS batch_id, o.expires_at_ms IS NOT NULL AS is_received, o.account_id,
           o.currency, l.product_id, l.net_minor
    FROM shop.orders o CROSS JOIN LATERAL unnest(o.lines) l
    WHERE o.state IN ('paid', 'partially_delivered', 'delivered', 'partially_refunded', 'refunded') AND l.net_minor > 0
      AND (o.expires_at_ms IS NULL OR o.delivered_by IS NOT NULL)
), owed AS (
    SELECT format('%s/%s/%s', l.batch_id, c.id, r.id) AS cause, sum(l.net_minor) AS amount_minor
    FROM lines l
    LEFT JOIN shop.wallets c
        ON CASE WHEN l.is_received THEN c.kind = 'undelivered' ELSE c.kind = 'credit' AND c.account_id = l.account_id END
           AND c.currency = l.currency
    LEFT JOIN shop.wallets r ON r.kind = 'revenue' AND r.product_id = l.product_id
    GROUP BY l.batch_id, c.id, r.id
), paid AS (
    SELECT cause, amount_minor FROM shop.transfers WHERE kind = 'sale' AND state = 'posted'
)
SELECT format('sales %s (batch/from/to)', cause) AS subject,
       format('the orders cost %s minor units, and %s were posted',
              coalesce(o.amount_minor, 0), coalesce(p.amount_minor, 0)) AS detail
FROM owed o FULL JOIN paid p USING (cause)
WHERE o.amount_minor IS DISTINCT FROM p.amount_minor
LIMIT $1
