-- What is available is counted by the house's pool, what is held by the holds of it. The other states are counted over
-- the product's keys, at most $2 of them: an index by state would cost every sale a write, and only this statement
-- would read it.
WITH seen AS (
    -- What was withdrawn before it was activated does not wait to be.
    SELECT CASE WHEN b.withdrawn_at_ms IS NULL OR k.state <> 1 THEN k.state END AS state
    FROM shop.skus s JOIN shop.batches b ON b.sku_id = s.id JOIN shop.key_heads k ON k.batch_id = b.id
    WHERE s.product_id = $1
    LIMIT $2
), counted AS (
    SELECT count(*) FILTER (WHERE state IN (1, 10)) AS pending,
           count(*) FILTER (WHERE state IN (3, 4, 5, 7, 8)) AS sold,
           count(*) FILTER (WHERE state = 6) AS voided,
           count(*) < $2 AS is_complete
    FROM seen
)
SELECT c.pending, st.available, h.held, c.sold, c.voided, c.is_complete
FROM shop.skus s
JOIN shop.stock st ON st.sku_id = s.id AND st.owner_account IS NULL
CROSS JOIN LATERAL (
    SELECT coalesce(sum(end_slot - first_slot), 0)::bigint AS held
    FROM shop.holds WHERE pool_id = st.pool_id AND state = 'held'
) h
CROSS JOIN counted c
WHERE s.product_id = $1
