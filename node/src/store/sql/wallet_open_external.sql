INSERT INTO shop.wallets (kind, currency) VALUES ('external', $1)
ON CONFLICT (currency) WHERE kind = 'external' DO NOTHING
