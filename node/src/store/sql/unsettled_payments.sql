SELECT p.id, p.order_id, p.amount_minor, p.currency, p.state, p.trade_no, w.id AS clearing_wallet
FROM shop.payments p JOIN shop.wallets w ON w.kind = 'clearing' AND w.gateway_id = p.gateway_id
WHERE p.id = ANY ($1::uuid[])
