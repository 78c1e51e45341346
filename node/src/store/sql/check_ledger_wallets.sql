SELECT 'ledger row ' || l.id AS subject,
       format('from wallet %s (%s) to wallet %s (%s)', l.from_wallet, coalesce(f.currency, 'not there'),
              l.to_wallet, coalesce(t.currency, 'not there')) AS detail
FROM shop.ledger l
LEFT JOIN shop.wallets f ON f.id = l.from_wallet
LEFT JOIN shop.wallets t ON t.id = l.to_wallet
WHERE f.id IS NULL OR t.id IS NULL OR f.currency <> t.currency
LIMIT $1
