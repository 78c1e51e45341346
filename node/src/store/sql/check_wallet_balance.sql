SELECT 'wallet ' || w.wallet_id AS subject,
       format('its balance is %s, and the transfers give %s, in minor units of %s',
              w.balance_minor, coalesce(m.total, 0), w.currency) AS detail
FROM shop.balances w
LEFT JOIN (
    SELECT wallet, sum(amount) AS total
    FROM (
        SELECT to_wallet AS wallet, amount_minor AS amount FROM shop.transfers WHERE state = 'posted'
        UNION ALL
        SELECT from_wallet, -amount_minor FROM shop.transfers WHERE state = 'posted'
    ) moved
    GROUP BY wallet
) m ON m.wallet = w.wallet_id
WHERE w.balance_minor <> coalesce(m.total, 0)
LIMIT $1
