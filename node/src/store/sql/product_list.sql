SELECT id, name, price_minor, currency, is_open, version, created_at_ms
FROM shop.products WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2
