SELECT id, kind, currency FROM shop.gateway_accounts WHERE name = $1
