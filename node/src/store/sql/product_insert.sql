INSERT INTO shop.products (id, name, price_minor, currency, is_open, version, created_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7)
