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

-- Money moves from one wallet to another in one row, so that all wallets of a currency sum to zero by the rows' form.
-- What an account's orders cost moves once a batch for each pair of wallets: the orders are the detail.
CREATE TABLE shop.transfers (
    id           bigint PRIMARY KEY DEFAULT nextval('shop.postings'),
    kind         text   NOT NULL CHECK (kind IN ('top_up', 'sale', 'refund')),
    -- What moved the money, once: a top-up's reference from its payer; `batch/from/to` of a sale; `order/item` of a
    -- refund.
    cause        text   NOT NULL CHECK (char_length(cause) BETWEEN 1 AND 200),
    from_wallet  bigint NOT NULL,
    to_wallet    bigint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    -- Balances hold what is posted.
    state        text   NOT NULL CHECK (state IN ('pending', 'posted', 'voided')),
    at_ms        bigint NOT NULL,
    CONSTRAINT transfers_cause UNIQUE (kind, cause),
    CHECK (from_wallet <> to_wallet)
);
CREATE INDEX transfers_received ON shop.transfers (to_wallet, id) WHERE kind <> 'sale';

-- A pending transfer is posted or voided once, and nothing else of a transfer changes.
CREATE FUNCTION shop.keep_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'pending' OR NEW.state = 'pending'
        OR (NEW.id, NEW.kind, NEW.cause, NEW.from_wallet, NEW.to_wallet, NEW.amount_minor, NEW.at_ms)
        IS DISTINCT FROM (OLD.id, OLD.kind, OLD.cause, OLD.from_wallet, OLD.to_wallet, OLD.amount_minor, OLD.at_ms)
    THEN
        RAISE EXCEPTION 'transfer % is not to be changed', OLD.id;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER keeps BEFORE UPDATE ON shop.transfers FOR EACH ROW EXECUTE FUNCTION shop.keep_transfer();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.transfers EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.wallets EXECUTE FUNCTION shop.refuse();
