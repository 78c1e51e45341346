UPDATE shop.payments SET state = 'closed' WHERE id = $1 AND state = 'pending'
