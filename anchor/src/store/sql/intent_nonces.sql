-- The nonces of all intents for one call, open and closed, oldest first; those that were never signed have none.
SELECT nonce
FROM attest.intents
WHERE purpose = $1 AND chain_id = $2 AND sender = $3 AND target IS NOT DISTINCT FROM $4 AND call_data = $5
    AND nonce IS NOT NULL
ORDER BY id
