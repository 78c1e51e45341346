INSERT INTO shop.wallets (kind, currency) VALUES ('undelivered', $1)
ON CONFLICT (currency) WHERE kind = 'undelivered' DO NOTHING
