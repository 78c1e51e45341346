-- The tables of the baseline service. There are one product and one account with credit; the benchmark loads the cards.
CREATE TABLE products (id uuid PRIMARY KEY, price_minor bigint NOT NULL, currency text NOT NULL);
CREATE TABLE accounts (id uuid PRIMARY KEY, token_hash bytea NOT NULL UNIQUE);
-- Every order changes one of these few rows. Free space in the page lets an update avoid new index entries.
CREATE TABLE wallets (
    account_id uuid PRIMARY KEY REFERENCES accounts, balance_minor bigint NOT NULL CHECK (balance_minor >= 0)
) WITH (fillfactor = 10);
CREATE TABLE cards (
    id bigint PRIMARY KEY, product_id uuid NOT NULL, seq bigint NOT NULL, is_sold boolean NOT NULL DEFAULT false,
    code text NOT NULL, order_id uuid
);
-- Ordered by `seq`: by the primary key, PostgreSQL would read past every card that was sold.
CREATE INDEX cards_unsold ON cards (product_id, seq) WHERE NOT is_sold;
CREATE TABLE orders (
    id uuid PRIMARY KEY, account_id uuid NOT NULL, product_id uuid NOT NULL, card_id bigint NOT NULL UNIQUE,
    amount_minor bigint NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);
-- For idempotency: the first request under a key determines the answer.
CREATE TABLE requests (
    account_id uuid NOT NULL, key text NOT NULL, product_id uuid NOT NULL, order_id uuid NOT NULL,
    PRIMARY KEY (account_id, key)
);
