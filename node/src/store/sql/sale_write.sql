-- All that a batch of orders changes but its events. Answers how many keys moved on: each only from the version that was
-- seen, so that fewer than asked for means that somebody else moved one, and the transaction must not commit.
WITH sold AS (
    UPDATE shop.keys k
    SET state = 3, version = u.version, head = u.head, head_at_ms = u.at_ms
    FROM unnest($1::bigint[], $2::integer[], $3::bytea[], $4::bigint[]) AS u (no, version, head, at_ms)
    WHERE k.no = u.no AND k.version = u.version - 1 AND k.state = 2
    RETURNING k.no
), stepped AS (
    UPDATE shop.pools p
    SET cursor = u.cursor, holes = p.holes - u.holes
    FROM unnest($5::integer[], $6::bigint[], $7::bigint[]) AS u (id, cursor, holes)
    WHERE p.id = u.id
), paid AS (
    UPDATE shop.wallets w
    SET balance_minor = w.balance_minor + u.delta_minor
    FROM unnest($8::bigint[], $9::bigint[]) AS u (id, delta_minor)
    WHERE w.id = u.id
), ordered AS (
    INSERT INTO shop.orders (id, account_id, state, reason, total_minor, currency, buyer, created_at_ms)
    SELECT * FROM unnest($10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::bigint[], $15::text[], $16::bytea[], $17::bigint[])
), lined AS (
    INSERT INTO shop.order_lines (order_id, line, product_id, quantity, price_minor)
    SELECT * FROM unnest($18::uuid[], $19::smallint[], $20::uuid[], $21::integer[], $22::bigint[])
), booked AS (
    INSERT INTO shop.ledger (from_wallet, to_wallet, amount_minor, kind, order_id, line, at_ms)
    SELECT u.from_wallet, u.to_wallet, u.amount_minor, 'sale', u.order_id, u.line, u.at_ms
    FROM unnest($23::bigint[], $24::bigint[], $25::bigint[], $26::uuid[], $27::smallint[], $28::bigint[])
        AS u (from_wallet, to_wallet, amount_minor, order_id, line, at_ms)
), handed AS (
    INSERT INTO shop.sales (key_no, order_id, line, anchor_by_s, path, signature)
    SELECT * FROM unnest($29::bigint[], $30::uuid[], $31::smallint[], $32::bigint[], $33::bytea[], $34::bytea[])
)
SELECT count(*) FROM sold
