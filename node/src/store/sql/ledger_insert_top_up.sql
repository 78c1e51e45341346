INSERT INTO shop.ledger (from_wallet, to_wallet, amount_minor, kind, reference, at_ms)
VALUES ($1, $2, $3, 'top_up', $4, $5)
ON CONFLICT DO NOTHING
