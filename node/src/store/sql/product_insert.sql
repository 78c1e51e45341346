INSERT INTO shop.products (id, name, on_sale, version, created_at_ms, category) VALUES ($1, $2, $3, $4, $5, $6)
