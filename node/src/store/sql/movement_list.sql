-- What came to the credit wallet $1, by transfer, and what the account $2 paid from it in currency $3, by order; newest
-- first, before the number $4. Orders of one batch have its number, and come together where that makes more than $5
-- rows.
WITH moved AS (
    (
        SELECT id, at_ms, kind, amount_minor, true AS is_in,
               CASE kind WHEN 'refund' THEN split_part(cause, '/', 1)::uuid END AS order_id,
               CASE kind WHEN 'top_up' THEN cause END AS reference
        FROM shop.transfers
        WHERE to_wallet = $1 AND kind <> 'sale' AND state = 'posted' AND id < coalesce($4, 9223372036854775807)
        ORDER BY id DESC
        LIMIT $5
    )
    UNION ALL
    (
        SELECT batch_id, created_at_ms, 'sale', total_minor, false, id, NULL
        FROM shop.orders
        WHERE account_id = $2 AND currency = $3 AND total_minor > 0 AND batch_id < coalesce($4, 9223372036854775807)
          AND state NOT IN ('awaiting_payment', 'expired', 'cancelled')
        ORDER BY batch_id DESC
        FETCH FIRST $5 ROWS WITH TIES
    )
)
SELECT id, at_ms, kind, amount_minor, is_in, order_id, reference
FROM moved
ORDER BY id DESC
FETCH FIRST $5 ROWS WITH TIES
