-- Newest first, before the row $2, along the primary key: no index by wallet, which every sale would have to write.
SELECT l.id, l.at_ms, l.kind, l.amount_minor, w.currency, l.to_wallet = w.id AS is_in, l.order_id, l.reference
FROM shop.ledger l JOIN shop.wallets w ON w.id IN (l.from_wallet, l.to_wallet)
WHERE w.id = $1 AND ($2::bigint IS NULL OR l.id < $2)
ORDER BY l.id DESC
LIMIT $3
