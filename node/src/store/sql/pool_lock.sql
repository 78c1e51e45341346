SELECT tail - cursor FROM shop.pools WHERE id = $1 FOR UPDATE
