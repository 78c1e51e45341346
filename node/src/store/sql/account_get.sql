SELECT id, role, name, created_at_ms FROM shop.accounts WHERE id = $1
