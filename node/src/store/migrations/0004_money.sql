-- Whose money, and where it went.

-- Whose money: a reseller's prepaid credit, a product's revenue, or what came from outside.
CREATE TABLE shop.wallets (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text   NOT NULL CHECK (kind IN ('credit', 'revenue', 'outside')),
    account_id    uuid   REFERENCES shop.accounts,
    product_id    uuid   REFERENCES shop.products,
    currency      text   NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    balance_minor bigint NOT NULL DEFAULT 0,
    CONSTRAINT wallets_credit_covered CHECK (kind <> 'credit' OR balance_minor >= 0),
    CHECK ((account_id IS NOT NULL) = (kind = 'credit')),
    CHECK ((product_id IS NOT NULL) = (kind = 'revenue'))
) WITH (fillfactor = 10);
CREATE UNIQUE INDEX wallets_of_account ON shop.wallets (account_id, currency) WHERE kind = 'credit';
CREATE UNIQUE INDEX wallets_of_product ON shop.wallets (product_id) WHERE kind = 'revenue';
CREATE UNIQUE INDEX wallets_of_outside ON shop.wallets (currency) WHERE kind = 'outside';

-- Money moves from one wallet to another in one row, so that the ledger sums to zero by its form.
CREATE TABLE shop.ledger (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_wallet  bigint NOT NULL,
    to_wallet    bigint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    kind         text   NOT NULL CHECK (kind IN ('top_up', 'sale', 'refund')),
    -- The order's line that was paid, and the key that was paid back.
    order_id     uuid,
    line         smallint,
    key_no       bigint,
    -- The payer's own name of a top-up: the same one twice is one top-up.
    reference    text   CHECK (char_length(reference) BETWEEN 1 AND 200),
    at_ms        bigint NOT NULL,
    CHECK (from_wallet <> to_wallet),
    CHECK ((kind = 'top_up') = (reference IS NOT NULL)),
    CHECK ((kind = 'top_up') = (order_id IS NULL) AND (order_id IS NULL) = (line IS NULL)),
    CHECK ((kind = 'refund') = (key_no IS NOT NULL))
);
-- A line is paid once, a key paid back once, a top-up booked once; each row is in the index of its own kind alone.
CREATE UNIQUE INDEX ledger_once ON shop.ledger (order_id, line, key_no) NULLS NOT DISTINCT WHERE order_id IS NOT NULL;
CREATE UNIQUE INDEX ledger_reference ON shop.ledger (reference) WHERE reference IS NOT NULL;

CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.ledger EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.wallets EXECUTE FUNCTION shop.refuse();
