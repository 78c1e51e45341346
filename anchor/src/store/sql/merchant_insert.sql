INSERT INTO attest.merchant (chain_id, registry, merchant_id, vrf_public_key)
VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
