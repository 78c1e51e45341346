SELECT id, name, price_minor, currency, is_open, version, created_at_ms FROM shop.products WHERE name = $1
