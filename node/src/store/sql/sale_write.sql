-- Writes everything that a batch of orders changes, except its events. Returns the transaction's name and the batch's number. Each order's id must
-- be free: if another transaction placed one of the orders first, the primary key refuses it. Of the keys nothing is
-- written: their sales are events, of which a key can have one.
WITH batch AS (
    INSERT INTO attest.sale_batches (id, signature, at_ms)
    VALUES (nextval('shop.postings'), $13::bytea, $12::bigint) RETURNING id
), taken AS (
    INSERT INTO shop.takes (pool_id, first_slot, end_slot, first_holes, end_holes, batch_id)
    SELECT u.pool_id, u.first_slot, u.end_slot, u.first_holes, u.end_holes, batch.id
    FROM batch, unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
        AS u (pool_id, first_slot, end_slot, first_holes, end_holes)
), paid AS (
    INSERT INTO shop.ledger_entries (wallet_id, posting_id, prev, kind, delta_minor, balance_minor)
    SELECT b.wallet_id, batch.id, b.posting_id, b.kind, u.delta_minor, b.balance_minor + u.delta_minor
    FROM batch, unnest($6::bigint[], $7::bigint[]) AS u (wallet_id, delta_minor)
    JOIN shop.balances b USING (wallet_id)
), booked AS (
    INSERT INTO shop.transfers (kind, cause, from_wallet, to_wallet, amount_minor, state, at_ms)
    SELECT u.kind, format('%s/%s/%s', batch.id, u.from_wallet, u.to_wallet), u.from_wallet, u.to_wallet,
           u.amount_minor, 'posted', $12::bigint
    FROM batch, unnest($8::bigint[], $9::bigint[], $10::bigint[], $11::text[])
        AS u (from_wallet, to_wallet, amount_minor, kind)
), placed AS (
    -- In the order of the parameters, which is that of the ids, so that two batches with the same orders cannot deadlock.
    INSERT INTO shop.orders (id, fingerprint, account_id, guest, channel, buyer, state, version, reason, lines, keys,
                             subtotal_minor, discount_minor, total_minor, currency, batch_id, expires_at_ms, address,
                             created_at_ms)
    SELECT u.id, u.fingerprint, u.account_id, u.guest, u.channel, u.buyer, u.state, u.version, u.reason,
           u.lines::shop.order_line[], u.keys::bigint[], u.subtotal_minor, u.discount_minor, u.total_minor, u.currency,
           batch.id, u.expires_at_ms, u.address, $12
    FROM batch, unnest($14::uuid[], $15::bytea[], $16::uuid[], $17::bytea[], $18::text[], $19::bytea[], $20::text[],
                       $21::integer[], $22::text[], $23::text[], $24::text[], $25::bigint[], $26::bigint[],
                       $27::bigint[], $28::text[], $29::bigint[], $30::bytea[])
        AS u (id, fingerprint, account_id, guest, channel, buyer, state, version, reason, lines, keys, subtotal_minor,
              discount_minor, total_minor, currency, expires_at_ms, address)
)
SELECT pg_current_xact_id()::text, id FROM batch
