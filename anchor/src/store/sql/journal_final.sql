-- Whether final epochs hold the sales of all these batches.
SELECT coalesce(bool_and(coalesce(pg_visible_in_snapshot(s.xid, (SELECT snapshot FROM attest.final_snapshot)), false)), true)
FROM unnest($1::bigint[]) AS j (id)
LEFT JOIN attest.sale_batches s ON s.id = j.id
