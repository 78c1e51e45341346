-- The house's pool of a product, and the first slot behind the takes from it that batches up to $2 wrote: found by
-- halving, because batches follow each other in a pool as its slots do.
WITH RECURSIVE halved AS (
    SELECT st.pool_id, 1::bigint AS low, st.cursor + 1 AS high
    FROM shop.skus s JOIN shop.stock st ON st.sku_id = s.id AND st.owner_account IS NULL
    WHERE s.product_id = $1
    UNION ALL
    SELECT h.pool_id,
           CASE WHEN t.batch_id <= $2 THEN t.end_slot + 1 ELSE h.low END,
           CASE WHEN t.batch_id <= $2 THEN h.high ELSE (h.low + h.high) / 2 END
    FROM halved h LEFT JOIN LATERAL (
        SELECT end_slot, batch_id FROM shop.takes
        WHERE pool_id = h.pool_id AND end_slot >= (h.low + h.high) / 2 AND batch_id IS NOT NULL
        ORDER BY end_slot
        LIMIT 1
    ) t ON true
    WHERE h.low < h.high
)
SELECT pool_id, low FROM halved WHERE low = high
