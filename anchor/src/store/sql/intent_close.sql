-- How an intent ended. Nothing where that is stored already.
UPDATE attest.intents SET outcome = $2, block = $3, block_time_s = $4, closed_at_ms = $5
WHERE id = $1 AND outcome IS NULL
