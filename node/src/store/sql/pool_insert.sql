INSERT INTO shop.pools (product_id) VALUES ($1)
