-- A transfer that is posted at once; nothing where its cause moved money before. The balances are moved apart.
INSERT INTO shop.transfers (kind, cause, from_wallet, to_wallet, amount_minor, state, at_ms)
VALUES ($1, $2, $3, $4, $5, 'posted', $6)
ON CONFLICT (kind, cause) DO NOTHING
