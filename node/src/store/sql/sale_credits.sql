-- Locks the wallets that pay, by id.
SELECT id, account_id, currency, balance_minor
FROM shop.wallets
WHERE account_id = ANY ($1::uuid[]) AND kind = 'credit'
ORDER BY id
FOR UPDATE
