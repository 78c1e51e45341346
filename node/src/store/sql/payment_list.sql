-- A page of payments before the id $1, newest first: those in the state $4, of the gateway $5, and of the order $6, where
-- these are given, and the last that was looked at. Stops at either bound: $2 looked at, $3 rows.
SELECT id, order_id, gateway_id, gateway, amount_minor, currency, state, trade_no, url, created_at_ms, received_at_ms,
       ask_at_ms, asked, matches, looked, looked = $2 AS is_bound
FROM (
    SELECT page.*, g.name AS gateway,
           ($4::text IS NULL OR page.state = $4) AND ($5::text IS NULL OR g.name = $5) AS matches
    FROM (
        SELECT p.*, row_number() OVER (ORDER BY p.id DESC) AS looked
        FROM shop.payments p
        WHERE p.id < $1 AND ($6::uuid IS NULL OR p.order_id = $6)
        ORDER BY p.id DESC
        LIMIT $2::bigint
    ) page
    JOIN shop.gateway_accounts g ON g.id = page.gateway_id
) p
WHERE matches OR looked = $2
ORDER BY id DESC
LIMIT $3::bigint
