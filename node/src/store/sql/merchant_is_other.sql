SELECT EXISTS (SELECT FROM shop.merchant WHERE (chain_id, registry, merchant_id) <> ($1::bigint, $2::bytea, $3::bytea))
