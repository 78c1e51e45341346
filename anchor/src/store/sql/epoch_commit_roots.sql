-- What an epoch commits to. Nothing where it has roots already.
UPDATE attest.epochs
SET events_root = $2, history_root = $3, event_count = $4, data_hash = $5, hash = $6, newest_at_ms = $7,
    roots_at_ms = $8
WHERE number = $1 AND hash IS NULL
