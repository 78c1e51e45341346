UPDATE shop.pools SET tail = tail + $2 WHERE id = $1
