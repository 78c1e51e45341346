-- What was received was posted once a batch for each gateway's account; every such transfer has its payments.
WITH received AS (
    SELECT format('%s/%s/%s', p.batch_id, c.id, u.id) AS cause, sum(p.amount_minor) AS amount_minor
    FROM shop.payments p
    LEFT JOIN shop.wallets c ON c.kind = 'clearing' AND c.gateway_id = p.gateway_id
    LEFT JOIN shop.wallets u ON u.kind = 'undelivered' AND u.currency = p.currency
    WHERE p.state = 'received'
    GROUP BY p.batch_id, c.id, u.id
), posted AS (
    SELECT cause, amount_minor FROM shop.transfers WHERE kind = 'payment' AND state = 'posted'
)
SELECT format('payments %s (batch/from/to)', cause) AS subject,
       format('%s minor units were received, and %s were posted',
              coalesce(r.amount_minor, 0), coalesce(p.amount_minor, 0)) AS detail
FROM received r FULL JOIN posted p USING (cause)
WHERE r.amount_minor IS DISTINCT FROM p.amount_minor
LIMIT $1
