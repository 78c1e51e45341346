SELECT format('idempotency key of account %s', i.account_id) AS subject,
       format('it answers with order %s, which that account does not have', i.order_id) AS detail
FROM shop.idempotency i
LEFT JOIN shop.orders o ON o.id = i.order_id AND o.account_id = i.account_id
WHERE o.id IS NULL
LIMIT $1
