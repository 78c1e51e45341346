INSERT INTO shop.wallets (kind, product_id, currency) VALUES ('revenue', $1, $2)
