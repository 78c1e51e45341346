-- A page of an account's orders, newest first: those that match, and the last that was looked at. Stops at either bound,
-- so that a filter which matches little costs no more than one which matches all.
-- $1, $2 and $3: batch and id that the list continues after, and the lowest batch; $4: most orders that are looked at;
-- $5: most rows; $6 to $10: state, product, account, and the time from and until.
SELECT id, account_id, guest, channel, buyer, state, version, reason, to_jsonb(lines)::text AS lines,
       subtotal_minor, discount_minor, currency, expires_at_ms, created_at_ms, matches, looked, looked = $4 AS is_bound
FROM (
    SELECT o.*, row_number() OVER (ORDER BY batch_id DESC, id DESC) AS looked,
           ($6::text IS NULL OR state = $6)
               AND ($7::uuid IS NULL OR ($6 IS NOT NULL OR keys <> '{}')
                    AND EXISTS (SELECT FROM unnest(lines) line WHERE line.product_id = $7))
               AND ($8::uuid IS NULL OR account_id IS NOT DISTINCT FROM $8)
               AND ($9::bigint IS NULL OR created_at_ms >= $9) AND ($10::bigint IS NULL OR created_at_ms < $10)
               AS matches
    FROM (
        SELECT * FROM shop.orders
        WHERE account_id = $8
          AND (batch_id, id) < ($1::bigint, $2::uuid) AND batch_id >= $3::bigint
        ORDER BY batch_id DESC, id DESC
        LIMIT $4::bigint
    ) o
) o
WHERE matches OR looked = $4
ORDER BY batch_id DESC, id DESC
LIMIT $5::bigint
