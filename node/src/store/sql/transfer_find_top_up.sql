SELECT w.account_id, t.amount_minor, w.currency, t.cause, t.at_ms
FROM shop.transfers t JOIN shop.wallets w ON w.id = t.to_wallet
WHERE t.kind = 'top_up' AND t.cause = $1
