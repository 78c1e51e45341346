-- A repayment that is not done, locked, with the wallets that it moves money between.
SELECT r.from_wallet, w.id AS to_wallet, r.amount_minor
FROM shop.repayments r
JOIN shop.payments p ON p.id = r.payment_id
JOIN shop.wallets w ON w.kind = 'clearing' AND w.gateway_id = p.gateway_id
WHERE r.id = $1 AND r.state <> 'done'
FOR NO KEY UPDATE OF r
