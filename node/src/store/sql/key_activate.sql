UPDATE shop.keys
SET pool_id = $1, slot = new.slot, state = $2, version = new.version, head = new.head, head_at_ms = new.at_ms
FROM unnest($3::bigint[], $4::bigint[], $5::integer[], $6::bytea[], $7::bigint[])
    AS new (no, slot, version, head, at_ms)
WHERE keys.no = new.no AND keys.version = new.version - 1
