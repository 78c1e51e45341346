-- The same data keys, now wrapped by generation $3.
UPDATE shop.batches SET wrapped_key = new.wrapped_key, master = $3
FROM unnest($1::uuid[], $2::bytea[]) AS new (id, wrapped_key) WHERE batches.id = new.id
