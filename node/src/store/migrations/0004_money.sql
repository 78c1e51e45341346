-- Whose money, and where it went.

-- A merchant's account at a payment gateway. Its protocol and currency stay: what was collected through it is in them.
CREATE TABLE shop.gateway_accounts (
    id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text    NOT NULL CONSTRAINT gateway_accounts_name UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    kind     text    NOT NULL,
    currency text    NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT gateway_accounts_currency UNIQUE (id, currency)
);

-- Whose money: a reseller's prepaid credit, a product's revenue, what buyers paid for orders that are not delivered
-- (`undelivered`), what a gateway collected (`clearing`), or what came from outside. What a gateway collected comes from
-- outside too: its wallet's balance is what it owes the merchant, with a minus. The balance is that of the
-- wallet's newest entry; whoever moves money locks the row, and does not change it.
CREATE TABLE shop.wallets (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text   NOT NULL CHECK (kind IN ('credit', 'revenue', 'external', 'clearing', 'undelivered')),
    account_id uuid   REFERENCES shop.accounts,
    product_id uuid   REFERENCES shop.products,
    gateway_id integer,
    currency   text   NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT wallets_gateway FOREIGN KEY (gateway_id, currency) REFERENCES shop.gateway_accounts (id, currency),
    CONSTRAINT wallets_kind UNIQUE (id, kind),
    CHECK ((account_id IS NOT NULL) = (kind = 'credit')),
    CHECK ((product_id IS NOT NULL) = (kind = 'revenue')),
    CHECK ((gateway_id IS NOT NULL) = (kind = 'clearing'))
);
CREATE UNIQUE INDEX wallets_of_account ON shop.wallets (account_id, currency) WHERE kind = 'credit';
CREATE UNIQUE INDEX wallets_of_product ON shop.wallets (product_id) WHERE kind = 'revenue';
CREATE UNIQUE INDEX wallets_of_external ON shop.wallets (currency) WHERE kind = 'external';
CREATE UNIQUE INDEX wallets_of_gateway ON shop.wallets (gateway_id) WHERE kind = 'clearing';
CREATE UNIQUE INDEX wallets_of_undelivered ON shop.wallets (currency) WHERE kind = 'undelivered';

-- Each wallet's ledger: what changed its balance, and the balance after it; rows are only added, as in `takes` and for
-- the same reason. An entry follows the one before, and continues its balance; no two follow the same one, and one is
-- the first. So a wallet's entries are one chain, and of two writers at once the second is refused.
CREATE TABLE shop.ledger_entries (
    wallet_id     bigint NOT NULL,
    -- What moved the money, by its number in `postings`: a batch of sales, once for all of its transfers, or one
    -- transfer.
    posting_id    bigint NOT NULL,
    -- The posting of the wallet's entry before; NULL for the first.
    prev          bigint,
    -- As in the wallet's row.
    kind          text   NOT NULL,
    delta_minor   bigint NOT NULL CHECK (delta_minor <> 0),
    balance_minor bigint NOT NULL,
    before_minor  bigint NOT NULL GENERATED ALWAYS AS (balance_minor - delta_minor) STORED,
    PRIMARY KEY (wallet_id, posting_id, balance_minor),
    -- Not by wallet first: a plan made while the table is empty would look up the entry before by it, through all of a
    -- wallet's.
    CONSTRAINT entries_prev UNIQUE NULLS NOT DISTINCT (prev, wallet_id),
    CONSTRAINT entries_wallet FOREIGN KEY (wallet_id, kind) REFERENCES shop.wallets (id, kind),
    CONSTRAINT entries_follow FOREIGN KEY (wallet_id, prev, before_minor)
        REFERENCES shop.ledger_entries (wallet_id, posting_id, balance_minor),
    CONSTRAINT entries_order CHECK (prev < posting_id),
    CONSTRAINT entries_first CHECK (prev IS NOT NULL OR balance_minor = delta_minor),
    CONSTRAINT entries_credit_covered CHECK (kind NOT IN ('credit', 'undelivered') OR balance_minor >= 0)
);

-- Each wallet with its balance, and the posting that left it so.
CREATE VIEW shop.balances AS
SELECT w.id AS wallet_id, w.kind, w.account_id, w.product_id, w.currency, e.posting_id,
       coalesce(e.balance_minor, 0) AS balance_minor
FROM shop.wallets w
LEFT JOIN LATERAL (
    SELECT posting_id, balance_minor FROM shop.ledger_entries WHERE wallet_id = w.id ORDER BY posting_id DESC LIMIT 1
) e ON true;

-- Money moves from one wallet to another in one row, so that all transfers of a currency sum to zero by the rows' form;
-- `admin check` compares them with the ledger entries. What an account's orders cost moves once a batch for each pair of
-- wallets: the orders are the detail.
CREATE TABLE shop.transfers (
    id           bigint PRIMARY KEY DEFAULT nextval('shop.postings'),
    kind         text   NOT NULL CHECK (kind IN ('top_up', 'sale', 'payment', 'refund', 'repayment')),
    -- What moved the money, once: a top-up's reference from its payer; `batch/from/to` of a sale, and of the payments that a
    -- batch took; `order/item` of a refund; the id of a repayment.
    cause        text   NOT NULL CHECK (char_length(cause) BETWEEN 1 AND 200),
    from_wallet  bigint NOT NULL,
    to_wallet    bigint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    -- The ledger holds what is posted.
    state        text   NOT NULL CHECK (state IN ('pending', 'posted', 'voided')),
    at_ms        bigint NOT NULL,
    CONSTRAINT transfers_cause UNIQUE (kind, cause),
    CHECK (from_wallet <> to_wallet)
);

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
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.gateway_accounts EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.transfers EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.wallets EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.ledger_entries EXECUTE FUNCTION shop.refuse();
