INSERT INTO shop.repayments (id, payment_id, from_wallet, item, amount_minor, state, reason, created_at_ms, ask_at_ms)
VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $7)
