SELECT count(*) FROM shop.keys
