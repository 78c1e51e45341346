-- A question that is open already is not asked again.
INSERT INTO shop.reviews (order_id, question, payment_id, opened_at_ms)
SELECT u.order_id, u.question, u.payment_id, $4::bigint
FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS u (order_id, question, payment_id)
ON CONFLICT DO NOTHING
