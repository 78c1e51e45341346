INSERT INTO shop.wallets (kind, account_id, currency) VALUES ('credit', $1, $2)
ON CONFLICT (account_id, currency) WHERE kind = 'credit' DO NOTHING
