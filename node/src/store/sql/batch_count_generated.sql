-- Keys of a batch in that state, by the index over the batch's keys.
SELECT count(*) FROM shop.keys WHERE batch_id = $1 AND state = $2
