-- A page of the orders that wait for a person, newest first, after the order $1.
SELECT id, account_id, guest, channel, buyer, state, version, reason, to_jsonb(lines)::text AS lines,
       subtotal_minor, discount_minor, currency, expires_at_ms, created_at_ms
FROM shop.orders
WHERE state = 'abnormal'
  AND (batch_id, id) < (
      coalesce((SELECT batch_id FROM shop.orders WHERE id = $1),
               CASE WHEN $1 IS NULL THEN 9223372036854775807 ELSE 0 END),
      coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
ORDER BY batch_id DESC, id DESC
LIMIT $2
