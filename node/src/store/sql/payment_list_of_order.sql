SELECT p.id, p.order_id, p.gateway_id, g.name AS gateway, p.amount_minor, p.currency, p.state, p.trade_no, p.url,
       p.created_at_ms, p.received_at_ms, p.ask_at_ms, p.asked
FROM shop.payments p JOIN shop.gateway_accounts g ON g.id = p.gateway_id
WHERE p.order_id = $1
ORDER BY p.id
