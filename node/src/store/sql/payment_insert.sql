-- The first payment of each order, which is written already.
INSERT INTO shop.payments (id, order_id, gateway_id, amount_minor, currency, state, created_at_ms, ask_at_ms)
SELECT u.id, u.order_id, u.gateway_id, u.amount_minor, u.currency, 'pending', $6::bigint, $6::bigint + 60000
FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::bigint[], $5::text[])
    AS u (id, order_id, gateway_id, amount_minor, currency)
