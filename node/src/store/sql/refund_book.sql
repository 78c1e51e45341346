-- Pays a key back: two balances and the ledger's row, in one statement.
WITH moved AS (
    UPDATE shop.wallets
    SET balance_minor = balance_minor + CASE id WHEN $1 THEN -$3::bigint ELSE $3::bigint END
    WHERE id IN ($1, $2)
)
INSERT INTO shop.ledger (from_wallet, to_wallet, amount_minor, kind, order_id, line, key_no, at_ms)
VALUES ($1, $2, $3, 'refund', $4, $5, $6, $7)
