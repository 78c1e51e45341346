SELECT 'transfer ' || t.id AS subject,
       format('from wallet %s (%s) to wallet %s (%s)', t.from_wallet, coalesce(f.currency, 'not there'),
              t.to_wallet, coalesce(w.currency, 'not there')) AS detail
FROM shop.transfers t
LEFT JOIN shop.wallets f ON f.id = t.from_wallet
LEFT JOIN shop.wallets w ON w.id = t.to_wallet
WHERE f.id IS NULL OR w.id IS NULL OR f.currency <> w.currency
LIMIT $1
