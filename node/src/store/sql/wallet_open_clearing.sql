INSERT INTO shop.wallets (kind, gateway_id, currency) VALUES ('clearing', $1, $2)
ON CONFLICT (gateway_id) WHERE kind = 'clearing' DO NOTHING
