INSERT INTO attest.transactions (number, attempt, sender, nonce, hash, raw, signed_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7)
