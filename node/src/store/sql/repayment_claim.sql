-- Takes up to $3 pending repayments through the accounts $1 that are due at $2, and puts each off for a pause that doubles
-- from a minute to an hour, so that no other process asks for them meanwhile.
WITH due AS (
    SELECT r.id
    FROM shop.repayments r JOIN shop.payments p ON p.id = r.payment_id
    WHERE r.state = 'pending' AND r.ask_at_ms <= $2::bigint AND p.gateway_id = ANY ($1::integer[])
    ORDER BY r.ask_at_ms
    LIMIT $3::bigint
    FOR UPDATE OF r SKIP LOCKED
), r AS (
    UPDATE shop.repayments r
    SET asked = r.asked + 1, ask_at_ms = $2::bigint + least(60000 * (1::bigint << least(r.asked, 10)), 3600000)
    FROM due WHERE r.id = due.id
    RETURNING r.*
)
SELECT r.id, r.payment_id, p.order_id, p.gateway_id, g.name AS gateway, p.trade_no, r.item, r.amount_minor, p.currency, r.state,
       r.reason, r.answer, r.created_at_ms, r.done_at_ms, r.asked
FROM r
JOIN shop.payments p ON p.id = r.payment_id
JOIN shop.gateway_accounts g ON g.id = p.gateway_id
