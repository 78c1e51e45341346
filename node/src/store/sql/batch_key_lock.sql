-- Some of the data keys that an older master key than $1 wraps; their batches are locked.
SELECT id, wrapped_key, master FROM shop.batches WHERE master < $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE
