-- The newest attempt to bring an epoch onto the chain.
SELECT attempt, sender, nonce, hash, raw, signed_at_ms FROM attest.transactions WHERE number = $1 ORDER BY attempt DESC LIMIT 1
