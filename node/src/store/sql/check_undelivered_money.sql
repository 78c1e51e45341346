-- What a currency's `undelivered` wallet holds is what was received, less the orders that were delivered for it and what
-- went back from it.
WITH owed AS (
    SELECT currency, sum(amount_minor) AS amount_minor
    FROM (
        SELECT currency, amount_minor FROM shop.payments WHERE state = 'received'
        UNION ALL
        SELECT currency, -total_minor FROM shop.orders WHERE delivered_by IS NOT NULL
        UNION ALL
        SELECT w.currency, -r.amount_minor
        FROM shop.repayments r JOIN shop.wallets w ON w.id = r.from_wallet AND w.kind = 'undelivered'
        WHERE r.state = 'done'
    ) moved
    GROUP BY currency
)
SELECT 'currency ' || currency AS subject,
       format('%s minor units are received and not delivered, and its wallet holds %s',
              coalesce(o.amount_minor, 0), coalesce(b.balance_minor, 0)) AS detail
FROM owed o FULL JOIN (SELECT currency, balance_minor FROM shop.balances WHERE kind = 'undelivered') b USING (currency)
WHERE coalesce(o.amount_minor, 0) <> coalesce(b.balance_minor, 0)
LIMIT $1
