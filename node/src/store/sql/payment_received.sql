-- The payments of an order that were received, the first one first: id and what of it does not go back, with the wallet of
-- what is not delivered in its currency.
SELECT p.id, p.amount_minor - coalesce((SELECT sum(amount_minor) FROM shop.repayments WHERE payment_id = p.id), 0)::bigint AS left_minor,
       w.id AS undelivered_wallet
FROM shop.payments p
JOIN shop.wallets w ON w.kind = 'undelivered' AND w.currency = p.currency
WHERE p.order_id = $1 AND p.state = 'received'
ORDER BY p.received_at_ms, p.id
