-- Locks the wallets that payments $1 move money between, in the currencies $2, after all others that a batch locks. The ids
-- are found first, each by its own index.
SELECT id, kind, currency
FROM shop.wallets
WHERE id = ANY (ARRAY(
    SELECT id FROM shop.wallets WHERE kind = 'undelivered' AND currency = ANY ($2::text[])
    UNION ALL
    SELECT w.id
    FROM shop.payments p JOIN shop.wallets w ON w.kind = 'clearing' AND w.gateway_id = p.gateway_id
    WHERE p.id = ANY ($1::uuid[])
))
ORDER BY id
FOR NO KEY UPDATE
