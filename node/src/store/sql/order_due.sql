-- Unpaid orders whose time is over, the oldest first, locked, but for the orders $3; those that somebody else has locked
-- are left to the next look.
SELECT id, account_id, guest, channel, buyer, state, version, reason, to_jsonb(lines)::text AS lines,
       subtotal_minor, discount_minor, currency, expires_at_ms, created_at_ms
FROM shop.orders
WHERE state = 'awaiting_payment' AND expires_at_ms <= $1 AND id <> ALL ($3::uuid[])
ORDER BY expires_at_ms
LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED
