-- Another payment of an order, which is locked; one for each account.
INSERT INTO shop.payments (id, order_id, gateway_id, amount_minor, currency, state, created_at_ms, ask_at_ms)
VALUES ($1, $2, $3, $4, $5, 'pending', $6::bigint, $6::bigint + 60000)
ON CONFLICT (order_id, gateway_id) DO NOTHING
