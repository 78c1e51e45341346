INSERT INTO shop.accounts (id, role, name, created_at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING
