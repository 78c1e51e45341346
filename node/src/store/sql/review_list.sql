-- Reviews before the number $1, newest first: the open ones, or with $2 all.
SELECT id, order_id, question, payment_id, opened_at_ms, closed_at_ms, decision, note
FROM shop.reviews
WHERE id < $1 AND ($2 OR closed_at_ms IS NULL)
ORDER BY id DESC
LIMIT $3
