-- A page of everybody's orders, newest first, after the order $1: the newest of each account and of the guests, merged.
-- An index by batch alone would be written at every sale; accounts are few, and each has its place in the one there is.
WITH after AS (
    SELECT coalesce((SELECT batch_id FROM shop.orders WHERE id = $1),
                    CASE WHEN $1 IS NULL THEN 9223372036854775807 ELSE 0 END) AS batch_id,
           coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid) AS id
), newest AS (
    SELECT o.*
    FROM shop.accounts a CROSS JOIN after CROSS JOIN LATERAL (
        SELECT * FROM shop.orders
        WHERE account_id = a.id AND (batch_id, id) < (after.batch_id, after.id)
        ORDER BY batch_id DESC, id DESC
        LIMIT $2
    ) o
    UNION ALL
    SELECT o.*
    FROM after CROSS JOIN LATERAL (
        SELECT * FROM shop.orders
        WHERE account_id IS NULL AND (batch_id, id) < (after.batch_id, after.id)
        ORDER BY batch_id DESC, id DESC
        LIMIT $2
    ) o
)
SELECT id, account_id, guest, channel, buyer, state, version, reason, to_jsonb(lines)::text AS lines,
       subtotal_minor, discount_minor, currency, expires_at_ms, created_at_ms
FROM newest
ORDER BY batch_id DESC, newest.id DESC
LIMIT $2
