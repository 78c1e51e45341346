-- Data keys that are wrapped by an older generation than $1; their batches are locked.
SELECT id, wrapped_key, master FROM shop.batches WHERE master < $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE
