-- The pool knows what is available. The other states are counted over the product's keys, at most $2 of them: an index by
-- state would be written at every sale, and nobody sells by it.
WITH seen AS (
    SELECT k.state
    FROM shop.batches b JOIN shop.keys k ON k.batch_id = b.id
    WHERE b.product_id = $1
    LIMIT $2
), counted AS (
    SELECT count(*) FILTER (WHERE state IN (1, 10)) AS pending,
           count(*) FILTER (WHERE state IN (3, 4, 5, 7, 8)) AS sold,
           count(*) FILTER (WHERE state = 6) AS voided,
           count(*) < $2 AS is_complete
    FROM seen
)
SELECT c.pending, p.tail - p.cursor - p.holes AS available, c.sold, c.voided, c.is_complete
FROM shop.pools p CROSS JOIN counted c
WHERE p.product_id = $1
