-- Of a batch that is locked. A repeat changes nothing.
UPDATE shop.batches SET withdrawn_at_ms = $2 WHERE id = $1 AND withdrawn_at_ms IS NULL
