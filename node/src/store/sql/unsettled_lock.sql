-- Locks orders that are to be settled, but for those that another transaction has locked: who waits here would keep the
-- whole batch waiting.
SELECT id, account_id, guest, channel, buyer, state, version, reason, to_jsonb(lines)::text AS lines,
       subtotal_minor, discount_minor, currency, expires_at_ms, created_at_ms
FROM shop.orders WHERE id = ANY ($1::uuid[])
ORDER BY id
FOR NO KEY UPDATE SKIP LOCKED
