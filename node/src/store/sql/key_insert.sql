-- Numbers follow the order of the file. An id that any batch has already inserts nothing.
INSERT INTO shop.keys (key_id, batch_id, state, version, head, head_at_ms)
SELECT new.key_id, $1, new.kind, 1, new.head, new.at_ms
FROM unnest($2::bytea[], $3::smallint[], $4::bytea[], $5::bigint[])
    WITH ORDINALITY AS new (key_id, kind, head, at_ms, place)
ORDER BY new.place
ON CONFLICT (key_id) DO NOTHING
RETURNING key_id, no
