-- Ends holds $1: batch $2 takes their keys. Returns how many were held.
WITH taken AS (
    UPDATE shop.holds SET state = 'taken', batch_id = $2::bigint WHERE id = ANY ($1::bigint[]) AND state = 'held' RETURNING id
)
SELECT count(*) FROM taken
