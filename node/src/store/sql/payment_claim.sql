-- Takes the pending payment of the accounts $1 that is due at $2 and has been for longest, and puts it off for a pause that
-- doubles from a minute to an hour, so that no other process asks about it meanwhile.
WITH due AS (
    SELECT id FROM shop.payments
    WHERE state = 'pending' AND ask_at_ms <= $2::bigint AND gateway_id = ANY ($1::integer[])
    ORDER BY ask_at_ms
    LIMIT 1
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE shop.payments p
    SET asked = p.asked + 1, ask_at_ms = $2::bigint + least(60000 * (1::bigint << least(p.asked, 10)), 3600000)
    FROM due WHERE p.id = due.id
    RETURNING p.*
)
SELECT p.id, p.order_id, p.gateway_id, g.name AS gateway, p.amount_minor, p.currency, p.state, p.trade_no, p.url,
       p.created_at_ms, p.received_at_ms, p.ask_at_ms, p.asked, o.expires_at_ms
FROM claimed p
JOIN shop.gateway_accounts g ON g.id = p.gateway_id
JOIN shop.orders o ON o.id = p.order_id
