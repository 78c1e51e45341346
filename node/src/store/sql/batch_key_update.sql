-- Puts the same data keys, wrapped by the master key $3, in the place of the old.
UPDATE shop.batches SET wrapped_key = new.wrapped_key, master = $3
FROM unnest($1::uuid[], $2::bytea[]) AS new (id, wrapped_key) WHERE batches.id = new.id
