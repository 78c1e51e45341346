-- Whether final epochs hold the sales of all these batches: the snapshot of the newest that left nothing to the next
-- contains their transactions.
SELECT coalesce(bool_and(coalesce(pg_visible_in_snapshot(s.xid, newest.snapshot), false)), true)
FROM unnest($1::bigint[]) AS j (id)
LEFT JOIN shop.sale_batches s ON s.id = j.id
LEFT JOIN (
    SELECT snapshot FROM attest.epochs WHERE final_at_ms IS NOT NULL AND upto_key IS NULL ORDER BY number DESC LIMIT 1
) newest ON true
