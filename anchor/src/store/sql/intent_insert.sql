INSERT INTO attest.intents (purpose, epoch, chain_id, sender, target, call_data, deadline_s, max_fee_wei, created_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id
