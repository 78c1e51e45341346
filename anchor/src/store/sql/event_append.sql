INSERT INTO attest.events (
    key_no, version, before, kind, at_ms, key_id, prev, payload, salt, body, anchor_by_s, order_id, item)
SELECT * FROM unnest(
    $1::bigint[], $2::integer[], $3::smallint[], $4::smallint[], $5::bigint[], $6::bytea[], $7::bytea[], $8::bytea[],
    $9::bytea[], $10::text[], $11::bigint[], $12::uuid[], $13::integer[])
