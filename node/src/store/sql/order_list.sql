-- A page of an account's orders (or everybody's), newest first, before an id.
SELECT id, account_id, state, reason, total_minor, currency, buyer, created_at_ms
FROM shop.orders
WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::uuid IS NULL OR id < $2)
ORDER BY id DESC
LIMIT $3
