-- A page of everybody's orders, newest first: the newest of each account and of the guests, merged. An index by batch
-- alone would be written at every sale; each account has its place in the one there is. Of the $11 customers whose newest
-- orders are the newest, at most $12 orders each are read: the list is known down to the newest order of the last of these
-- customers, and to the last one of whoever has more. Guests are sorted by their account, NULL, too: else the index would
-- not be taken for them. Otherwise as `order_list`.
WITH newest AS (
    SELECT account_id, batch_id
    FROM (
        SELECT a.id AS account_id, o.batch_id
        FROM shop.accounts a CROSS JOIN LATERAL (
            SELECT batch_id FROM shop.orders
            WHERE account_id = a.id AND (batch_id, id) < ($1::bigint, $2::uuid) AND batch_id >= $3::bigint
            ORDER BY batch_id DESC
            LIMIT 1
        ) o
        UNION ALL
        (
            SELECT NULL, batch_id FROM shop.orders
            WHERE account_id IS NULL AND (batch_id, id) < ($1::bigint, $2::uuid) AND batch_id >= $3::bigint
            ORDER BY account_id DESC, batch_id DESC
            LIMIT 1
        )
    ) customer
    ORDER BY batch_id DESC
    FETCH FIRST ($11::bigint) ROWS WITH TIES
), reached AS (
    SELECT CASE WHEN count(*) < $11 THEN $3 ELSE min(batch_id) END AS batch_id FROM newest
), walked AS (
    SELECT o.*
    FROM newest CROSS JOIN reached CROSS JOIN LATERAL (
        SELECT * FROM shop.orders
        WHERE account_id = newest.account_id AND (batch_id, id) < ($1, $2) AND batch_id >= reached.batch_id
        ORDER BY batch_id DESC, id DESC
        LIMIT $12::bigint
    ) o
    UNION ALL
    SELECT o.*
    FROM reached CROSS JOIN LATERAL (
        SELECT * FROM shop.orders
        WHERE account_id IS NULL AND (batch_id, id) < ($1, $2) AND batch_id >= reached.batch_id
        ORDER BY account_id DESC, batch_id DESC, id DESC
        LIMIT $12::bigint
    ) o
), ended AS (
    SELECT batch_id, id
    FROM (
        SELECT batch_id, id, row_number() OVER (PARTITION BY account_id ORDER BY batch_id DESC, id DESC) AS own
        FROM walked
    ) w
    WHERE own = $12
    ORDER BY batch_id DESC, id DESC
    LIMIT 1
)
SELECT id, account_id, guest, channel, buyer, state, version, reason, to_jsonb(lines)::text AS lines,
       subtotal_minor, discount_minor, currency, expires_at_ms, created_at_ms, matches, looked, is_bound
FROM (
    SELECT o.*, row_number() OVER (ORDER BY batch_id DESC, id DESC) AS looked,
           row_number() OVER (ORDER BY batch_id DESC, id DESC) = count(*) OVER ()
               AND (count(*) OVER () = $4 OR EXISTS (SELECT FROM ended) OR (SELECT batch_id > $3 FROM reached))
               AS is_bound,
           ($6::text IS NULL OR state = $6)
               AND ($7::uuid IS NULL OR ($6 IS NOT NULL OR keys <> '{}')
                    AND EXISTS (SELECT FROM unnest(lines) line WHERE line.product_id = $7))
               AND ($8::uuid IS NULL OR account_id IS NOT DISTINCT FROM $8)
               AND ($9::bigint IS NULL OR created_at_ms >= $9) AND ($10::bigint IS NULL OR created_at_ms < $10)
               AS matches
    FROM (
        SELECT * FROM walked
        WHERE NOT EXISTS (SELECT FROM ended WHERE (walked.batch_id, walked.id) < (ended.batch_id, ended.id))
        ORDER BY batch_id DESC, id DESC
        LIMIT $4::bigint
    ) o
) o
WHERE matches OR is_bound
ORDER BY batch_id DESC, id DESC
LIMIT $5::bigint
