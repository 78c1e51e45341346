-- A page of the orders that wait for somebody, newest first, before an id.
SELECT id, account_id, state, reason, total_minor, currency, buyer, created_at_ms
FROM shop.orders
WHERE state = 'abnormal' AND ($1::uuid IS NULL OR id < $1)
ORDER BY id DESC
LIMIT $2
