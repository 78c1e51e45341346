SELECT g.id, g.name, g.kind, g.currency, b.balance_minor
FROM shop.gateway_accounts g
JOIN shop.balances b ON b.kind = 'clearing' AND b.wallet_id = (
    SELECT id FROM shop.wallets w WHERE w.kind = 'clearing' AND w.gateway_id = g.id)
ORDER BY g.name
