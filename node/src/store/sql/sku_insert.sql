INSERT INTO shop.skus (id, product_id, price_minor, currency, kind, policy, version)
VALUES ($1, $2, $3, $4, $5, $6, $7)
