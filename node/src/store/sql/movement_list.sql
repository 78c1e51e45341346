-- The newest entries of the credit wallet $1 of account $2 in currency $3, before the posting $4: what came to it, by
-- transfer, and what was paid from it, by order; newest first. Orders of one batch have its number, and come together
-- where that makes more than $5 rows. Only orders of batches that moved the wallet's money are looked at.
WITH entry AS (
    SELECT posting_id, delta_minor
    FROM shop.ledger_entries
    WHERE wallet_id = $1 AND posting_id < coalesce($4, 9223372036854775807)
    ORDER BY posting_id DESC
    LIMIT $5
), moved AS (
    SELECT t.id, t.at_ms, t.kind, t.amount_minor, true AS is_in,
           CASE t.kind WHEN 'refund' THEN split_part(t.cause, '/', 1)::uuid END AS order_id,
           CASE t.kind WHEN 'top_up' THEN t.cause END AS reference
    FROM entry JOIN shop.transfers t ON t.id = entry.posting_id
    UNION ALL
    SELECT o.batch_id, o.created_at_ms, 'sale', o.total_minor, false, o.id, NULL
    FROM entry JOIN shop.orders o ON o.account_id = $2 AND o.batch_id = entry.posting_id
    WHERE o.currency = $3 AND o.total_minor > 0 AND o.state NOT IN ('awaiting_payment', 'expired', 'cancelled')
)
SELECT id, at_ms, kind, amount_minor, is_in, order_id, reference
FROM moved
ORDER BY id DESC
FETCH FIRST $5 ROWS WITH TIES
