INSERT INTO shop.wallets (kind, currency) VALUES ('outside', $1)
ON CONFLICT (currency) WHERE kind = 'outside' DO NOTHING
