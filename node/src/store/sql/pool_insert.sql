INSERT INTO shop.pools (sku_id) VALUES ($1)
