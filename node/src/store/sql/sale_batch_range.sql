-- The first batch at or after $1 and the last before $2, found by halving. The numbers of batches follow their times, but
-- for clocks that differ and transactions that overlap, at most by $3: so the halving aims past the times by that much,
-- and what lies between is read batch by batch.
WITH RECURSIVE halved AS (
    SELECT aim.at_ms, 1::bigint AS low, (SELECT coalesce(max(id), 0) + 1 FROM attest.sale_batches) AS high
    FROM (VALUES ($1::bigint - $3::bigint), ($2::bigint + $3)) aim (at_ms)
    UNION ALL
    SELECT h.at_ms,
           CASE WHEN b.at_ms < h.at_ms THEN b.id + 1 ELSE h.low END,
           CASE WHEN b.at_ms < h.at_ms THEN h.high ELSE (h.low + h.high) / 2 END
    FROM halved h CROSS JOIN LATERAL (
        SELECT id, at_ms FROM attest.sale_batches WHERE id >= (h.low + h.high) / 2 ORDER BY id LIMIT 1
    ) b
    WHERE h.low < h.high
)
SELECT coalesce((
           SELECT id FROM attest.sale_batches
           WHERE id >= (SELECT low FROM halved WHERE low = high AND at_ms = $1 - $3) AND at_ms >= $1
           ORDER BY id
           LIMIT 1
       ), 9223372036854775807) AS first,
       coalesce((
           SELECT id FROM attest.sale_batches
           WHERE id < (SELECT low FROM halved WHERE low = high AND at_ms = $2 + $3) AND at_ms < $2
           ORDER BY id DESC
           LIMIT 1
       ), 0) AS last
