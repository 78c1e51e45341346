SELECT chain_id, registry, merchant_id, vrf_public_key FROM attest.merchant
