-- A page of the orders that got keys of a product, newest first. Those that were delivered when they were placed: the
-- product's pool $11 leads to takes, those to batches, and those by the transaction to the sold events and their orders;
-- $12 and $13: the takes from that slot on, and those that end before that slot. Of a batch there is one take from a pool.
-- The others have an index of their own. Otherwise as `order_list`.
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
        SELECT *
        FROM (
            (
                SELECT o.*
                FROM shop.takes t
                JOIN attest.sale_batches b ON b.id = t.batch_id
                CROSS JOIN LATERAL (SELECT DISTINCT order_id FROM attest.events WHERE xid = b.xid AND kind = 3) e
                JOIN shop.orders o ON o.id = e.order_id AND o.delivered_by IS NULL
                WHERE t.pool_id = $11::integer AND t.end_slot >= $12::bigint AND t.end_slot < $13::bigint
                  AND (o.batch_id, o.id) < ($1::bigint, $2::uuid) AND o.batch_id >= $3::bigint
                ORDER BY t.end_slot DESC, o.id DESC
                LIMIT $4::bigint
            )
            UNION ALL
            (
                SELECT * FROM shop.orders
                WHERE delivered_by IS NOT NULL AND (batch_id, id) < ($1, $2) AND batch_id >= $3
                ORDER BY batch_id DESC, id DESC
                LIMIT $4
            )
        ) o
        ORDER BY batch_id DESC, id DESC
        LIMIT $4
    ) o
) o
WHERE matches OR looked = $4
ORDER BY batch_id DESC, id DESC
LIMIT $5::bigint
