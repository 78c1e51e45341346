INSERT INTO attest.anchor (signer, status, at_ms) VALUES ($1, $2::text::jsonb, $3)
ON CONFLICT (is_only) DO UPDATE SET signer = excluded.signer, status = excluded.status, at_ms = excluded.at_ms
