UPDATE shop.skus SET price_minor = $3, version = version + 1 WHERE id = $1 AND version = $2
