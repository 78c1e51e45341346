-- Keys of these ids that stand in a withdrawn batch and were never activated come in with batch $1: goods and batch
-- are the new ones, and what they were stays in `moved_keys`. Locked by number. Where another import took a key
-- meanwhile, its row names another batch when the lock is there, and is left out.
WITH taken AS MATERIALIZED (
    SELECT k.no, k.batch_id, g.line AS old_line, new.line, new.sealed
    FROM unnest($2::bytea[], $3::bigint[], $4::bytea[]) AS new (key_id, line, sealed)
    JOIN shop.keys k ON k.key_id = new.key_id
    JOIN shop.batches b ON b.id = k.batch_id
    JOIN shop.goods g ON g.key_no = k.no
    WHERE k.state = 1 AND b.withdrawn_at_ms IS NOT NULL
    ORDER BY k.no
    FOR UPDATE OF k
), moved AS (
    INSERT INTO shop.moved_keys (from_batch, key_no, line, to_batch)
    SELECT batch_id, no, old_line, $1 FROM taken
), fresh AS (
    UPDATE shop.goods SET line = taken.line, sealed = taken.sealed FROM taken WHERE goods.key_no = taken.no
)
UPDATE shop.keys SET batch_id = $1 FROM taken WHERE keys.no = taken.no
RETURNING keys.key_id
