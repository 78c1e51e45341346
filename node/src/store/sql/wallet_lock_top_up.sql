-- Both wallets of a top-up, locked in the order that everybody locks wallets in.
SELECT id, kind = 'credit' AS is_credit
FROM shop.wallets
WHERE currency = $2 AND (kind = 'external' OR (kind = 'credit' AND account_id = $1))
ORDER BY id
FOR NO KEY UPDATE
