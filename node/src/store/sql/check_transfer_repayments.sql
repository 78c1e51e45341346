-- A repayment that is done was posted once, from its wallet to that of its gateway; nothing else was posted as one.
SELECT format('repayment %s', coalesce(r.id::text, t.cause)) AS subject,
       CASE WHEN r.id IS NULL THEN format('%s minor units were posted for it, and it is not done', t.amount_minor)
            ELSE format('it is done with %s minor units, and %s were posted', r.amount_minor, coalesce(t.amount_minor, 0)) END
           AS detail
FROM (
    SELECT r.id, r.from_wallet, w.id AS to_wallet, r.amount_minor
    FROM shop.repayments r
    JOIN shop.payments p ON p.id = r.payment_id
    LEFT JOIN shop.wallets w ON w.kind = 'clearing' AND w.gateway_id = p.gateway_id
    WHERE r.state = 'done'
) r
FULL JOIN (SELECT * FROM shop.transfers WHERE kind = 'repayment' AND state = 'posted') t
    ON t.cause = replace(r.id::text, '-', '') AND t.from_wallet = r.from_wallet AND t.to_wallet = r.to_wallet
WHERE r.amount_minor IS DISTINCT FROM t.amount_minor
LIMIT $1
