-- Moves a consumer to the start ($2), or to now.
UPDATE shop.consumers
SET since = CASE WHEN $2 THEN '1:1:'::pg_snapshot ELSE pg_current_snapshot() END, snapshot = NULL,
    after_id = NULL, after_at_ms = NULL, after_key_no = NULL, after_version = NULL,
    epoch = CASE WHEN $2 THEN 0 ELSE coalesce((SELECT max(number) FROM attest.epochs), 0) END, version = version + 1
WHERE name = $1
