-- A signed variant of an open intent; the first one gives the intent its nonce. Nothing where the intent is closed or has another nonce.
WITH intent AS (
    UPDATE attest.intents SET nonce = $2 WHERE id = $1 AND outcome IS NULL AND coalesce(nonce, $2) = $2 RETURNING id
)
INSERT INTO attest.variants (intent, number, gas_limit, max_fee_wei, priority_fee_wei, hash, raw, signed_at_ms)
SELECT id, $3, $4, $5, $6, $7, $8, $9 FROM intent
