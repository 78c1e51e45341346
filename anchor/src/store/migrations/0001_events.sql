-- 32 bytes. As a domain, because a session keeps a domain's checks: those of a table are parsed anew by each statement that
-- writes to it, which sales would pay for.
CREATE DOMAIN attest.hash AS bytea CHECK (octet_length(VALUE) = 32);

-- What happened to each key. A row is written in the transaction that makes it true, and never changes after.
CREATE TABLE attest.events (
    -- The shop's number of the key: consecutive, so that a burst of sales touches neighbouring pages of the index.
    key_no  bigint   NOT NULL,
    version integer  NOT NULL CHECK (version > 0),
    -- Kinds by their numbers in the protocol; `before` is the kind of the version before, 0 for the first.
    before  smallint NOT NULL,
    kind    smallint NOT NULL,
    -- Unix milliseconds; never less than the version before.
    at_ms   bigint   NOT NULL CHECK (at_ms > 0),
    key_id  attest.hash NOT NULL,
    -- Hash of the version before; 32 zero bytes for the first.
    prev    attest.hash NOT NULL,
    -- keccak256(salt, body); the body is kept as the exact bytes that were hashed.
    payload attest.hash NOT NULL,
    salt    attest.hash NOT NULL,
    body    text     NOT NULL,
    -- The transaction that wrote the row: an epoch is cut by a snapshot of transactions.
    xid     xid8     NOT NULL DEFAULT pg_current_xact_id(),
    -- Of a sale, and of nothing else: the shop's order, the item's number in it, and by when the receipt promises the
    -- event on the chain, Unix seconds. The anchor cuts in time for the first.
    order_id    uuid,
    item        integer,
    anchor_by_s bigint,
    PRIMARY KEY (key_no, version),
    CONSTRAINT events_sale CHECK (
        num_nonnulls(order_id, item, anchor_by_s) = CASE kind WHEN 3 THEN 3 ELSE 0 END AND (item IS NULL OR item > 0)),
    CHECK ((version = 1) = (before = 0)),
    -- Protocol §2: which kind may follow which, as before * 16 + kind.
    CONSTRAINT events_legal CHECK (before * 16 + kind IN (
        0 * 16 + 1, 0 * 16 + 10,
        1 * 16 + 2, 1 * 16 + 6,
        2 * 16 + 3, 2 * 16 + 6, 2 * 16 + 9,
        3 * 16 + 4, 3 * 16 + 5, 3 * 16 + 7,
        4 * 16 + 5,
        7 * 16 + 5, 7 * 16 + 8,
        8 * 16 + 4, 8 * 16 + 5,
        9 * 16 + 10,
        10 * 16 + 2, 10 * 16 + 6
    ))
);

CREATE INDEX events_by_transaction ON attest.events (xid);
-- A key is sold once. The pairs of kinds above do not say so: they trust `before`.
CREATE UNIQUE INDEX events_sold_once ON attest.events (key_no) WHERE kind = 3;

-- One transaction of the shop's sale worker, and what it signed.
CREATE TABLE attest.sale_batches (
    -- Given by the shop.
    id        bigint PRIMARY KEY,
    -- The transaction. Its sold events have the same number: they are the leaves below the signature, and with them the
    -- path of each receipt is computed again.
    xid       xid8   NOT NULL UNIQUE DEFAULT pg_current_xact_id(),
    -- The signature of all receipts of the batch; none where it sold nothing.
    signature bytea  CHECK (octet_length(signature) = 65),
    -- When it was planned, Unix milliseconds: the time of its orders. So a time leads to batches, by halving, and from
    -- there to orders, and no index of the orders by time is written at every sale.
    at_ms     bigint NOT NULL
);

-- History is added to, never changed.
CREATE FUNCTION attest.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is not allowed', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME;
END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON attest.events EXECUTE FUNCTION attest.refuse();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON attest.sale_batches EXECUTE FUNCTION attest.refuse();
