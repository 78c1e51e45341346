-- A page of an account's orders, newest first, after the order $2.
SELECT id, account_id, guest, channel, buyer, state, version, reason, to_jsonb(lines)::text AS lines,
       subtotal_minor, discount_minor, currency, expires_at_ms, created_at_ms
FROM shop.orders
WHERE account_id = $1
  AND (batch_id, id) < (
      coalesce((SELECT batch_id FROM shop.orders WHERE id = $2),
               CASE WHEN $2 IS NULL THEN 9223372036854775807 ELSE 0 END),
      coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
ORDER BY batch_id DESC, id DESC
LIMIT $3
