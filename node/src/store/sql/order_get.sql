SELECT id, account_id, guest, channel, buyer, state, version, reason, to_jsonb(lines)::text AS lines,
       subtotal_minor, discount_minor, currency, expires_at_ms, created_at_ms
FROM shop.orders WHERE id = $1
