SELECT w.account_id, l.amount_minor, w.currency, l.reference, l.at_ms
FROM shop.ledger l JOIN shop.wallets w ON w.id = l.to_wallet
WHERE l.reference = $1
