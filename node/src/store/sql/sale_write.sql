-- Writes everything that a batch of orders changes, except its events. Returns how many keys were sold, how many
-- orders were placed, and the transaction's name. A key is sold only if its version is still the one that was read,
-- and an order is placed only if its id is free. If either number is lower than expected, another transaction was
-- first, and this one must not be committed.
WITH sold AS (
    UPDATE shop.keys k
    SET state = 3, version = u.version, head = u.head, head_at_ms = u.at_ms
    FROM unnest($1::bigint[], $2::integer[], $3::bytea[], $4::bigint[]) AS u (no, version, head, at_ms)
    WHERE k.no = u.no AND k.version = u.version - 1 AND k.state = 2
    RETURNING k.no
), batch AS (
    INSERT INTO shop.sale_batches (signature) VALUES ($16::bytea) RETURNING id
), taken AS (
    INSERT INTO shop.takes (pool_id, first_slot, end_slot, first_holes, end_holes, batch_id)
    SELECT u.pool_id, u.first_slot, u.end_slot, u.first_holes, u.end_holes, batch.id
    FROM batch, unnest($5::integer[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
        AS u (pool_id, first_slot, end_slot, first_holes, end_holes)
), paid AS (
    INSERT INTO shop.ledger_entries (wallet_id, posting_id, prev, kind, delta_minor, balance_minor)
    SELECT b.wallet_id, batch.id, b.posting_id, b.kind, u.delta_minor, b.balance_minor + u.delta_minor
    FROM batch, unnest($10::bigint[], $11::bigint[]) AS u (wallet_id, delta_minor)
    JOIN shop.balances b USING (wallet_id)
), booked AS (
    INSERT INTO shop.transfers (kind, cause, from_wallet, to_wallet, amount_minor, state, at_ms)
    SELECT 'sale', format('%s/%s/%s', batch.id, u.from_wallet, u.to_wallet), u.from_wallet, u.to_wallet,
           u.amount_minor, 'posted', $15::bigint
    FROM batch, unnest($12::bigint[], $13::bigint[], $14::bigint[]) AS u (from_wallet, to_wallet, amount_minor)
), placed AS (
    -- In the order of the ids, so that two batches with the same orders cannot deadlock.
    INSERT INTO shop.orders (id, fingerprint, account_id, guest, channel, buyer, state, version, reason, lines,
                             subtotal_minor, discount_minor, total_minor, currency, batch_id, created_at_ms)
    SELECT u.id, u.fingerprint, u.account_id, u.guest, u.channel, u.buyer, u.state, u.version, u.reason,
           u.lines::shop.order_line[], u.subtotal_minor, u.discount_minor, u.total_minor, u.currency, batch.id, $15
    FROM batch, unnest($17::uuid[], $18::bytea[], $19::uuid[], $20::bytea[], $21::text[], $22::bytea[], $23::text[],
                       $24::integer[], $25::text[], $26::text[], $27::bigint[], $28::bigint[], $29::bigint[],
                       $30::text[])
        AS u (id, fingerprint, account_id, guest, channel, buyer, state, version, reason, lines, subtotal_minor,
              discount_minor, total_minor, currency)
    ORDER BY u.id
    ON CONFLICT (id) DO NOTHING
    RETURNING id
)
SELECT (SELECT count(*) FROM sold), (SELECT count(*) FROM placed), pg_current_xact_id()::text
