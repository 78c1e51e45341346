INSERT INTO shop.gateway_accounts (name, kind, currency) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING
