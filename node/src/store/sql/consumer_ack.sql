-- Moves a consumer on. Nothing where another process has moved it meanwhile.
UPDATE shop.consumers
SET since = $3::text::pg_snapshot, snapshot = $4::text::pg_snapshot,
    after_id = $5, after_at_ms = $6, after_key_no = $7, after_version = $8, epoch = $9,
    version = version + 1, messages = messages + $10,
    acked_at_ms = (extract(epoch FROM clock_timestamp()) * 1000)::bigint
WHERE name = $1 AND version = $2
