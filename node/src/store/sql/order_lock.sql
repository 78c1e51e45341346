SELECT id, account_id, state, reason, total_minor, currency, buyer, created_at_ms FROM shop.orders WHERE id = $1 FOR UPDATE
