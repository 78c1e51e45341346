-- The amount $3 from the wallet $1 to the wallet $2, both locked before.
UPDATE shop.wallets
SET balance_minor = balance_minor + CASE WHEN id = $2 THEN $3::bigint ELSE -$3::bigint END
WHERE id IN ($1, $2)
