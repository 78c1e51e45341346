SELECT r.id, r.payment_id, p.order_id, p.gateway_id, g.name AS gateway, p.trade_no, r.item, r.amount_minor, p.currency, r.state,
       r.reason, r.answer, r.created_at_ms, r.done_at_ms, r.asked
FROM shop.repayments r
JOIN shop.payments p ON p.id = r.payment_id
JOIN shop.gateway_accounts g ON g.id = p.gateway_id
WHERE r.id = $1
