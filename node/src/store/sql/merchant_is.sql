SELECT (chain_id, registry, merchant_id, vrf_public_key) = ($1::bigint, $2::bytea, $3::bytea, $4::bytea) FROM shop.merchant
