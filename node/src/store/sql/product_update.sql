UPDATE shop.products
SET name = coalesce($3, name), price_minor = coalesce($4, price_minor), is_open = coalesce($5, is_open), version = version + 1
WHERE id = $1 AND version = $2
RETURNING id, name, price_minor, currency, is_open, version, created_at_ms
