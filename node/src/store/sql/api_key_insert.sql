INSERT INTO shop.api_keys (id, account_id, hash, created_at_ms) VALUES ($1, $2, $3, $4)
