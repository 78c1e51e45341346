-- A transfer that is posted at once, with its entry in the ledger of both wallets, which were locked by an earlier
-- statement. Nothing where its cause moved money before.
WITH posted AS (
    INSERT INTO shop.transfers (kind, cause, from_wallet, to_wallet, amount_minor, state, at_ms)
    VALUES ($1, $2, $3, $4, $5, 'posted', $6)
    ON CONFLICT (kind, cause) DO NOTHING
    RETURNING id, from_wallet, to_wallet, amount_minor
)
INSERT INTO shop.ledger_entries (wallet_id, posting_id, prev, kind, delta_minor, balance_minor)
SELECT b.wallet_id, posted.id, b.posting_id, b.kind, m.delta_minor, b.balance_minor + m.delta_minor
FROM posted
CROSS JOIN LATERAL (VALUES (from_wallet, -amount_minor), (to_wallet, amount_minor)) m (wallet_id, delta_minor)
JOIN shop.balances b USING (wallet_id)
