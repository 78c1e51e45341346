-- The truth about sales: who buys, what is on the shelf, what was paid. What happened to each key is `attest.events`.

-- Who this node signs for; one row. A node configured for another merchant refuses to start on this database.
CREATE TABLE shop.merchant (
    is_only        boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    chain_id       bigint NOT NULL CHECK (chain_id > 0),
    registry       bytea  NOT NULL CHECK (octet_length(registry) = 20),
    merchant_id    bytea  NOT NULL CHECK (octet_length(merchant_id) = 32),
    vrf_public_key bytea  NOT NULL CHECK (octet_length(vrf_public_key) = 32)
);

-- Who calls the API.
CREATE TABLE shop.accounts (
    id            uuid   PRIMARY KEY,
    role          text   NOT NULL CHECK (role IN ('admin', 'channel')),
    name          text   NOT NULL CONSTRAINT accounts_name UNIQUE CHECK (char_length(name) BETWEEN 1 AND 100),
    created_at_ms bigint NOT NULL
);

-- What they show; only a hash of it is here.
CREATE TABLE shop.api_keys (
    id            uuid   PRIMARY KEY,
    account_id    uuid   NOT NULL REFERENCES shop.accounts,
    hash          bytea  NOT NULL CHECK (octet_length(hash) = 32),
    created_at_ms bigint NOT NULL,
    revoked_at_ms bigint
);
CREATE INDEX api_keys_by_account ON shop.api_keys (account_id);

CREATE TABLE shop.products (
    id            uuid    PRIMARY KEY,
    name          text    NOT NULL CONSTRAINT products_name UNIQUE CHECK (char_length(name) BETWEEN 1 AND 200),
    price_minor   bigint  NOT NULL CHECK (price_minor BETWEEN 0 AND 1000000000000),
    currency      text    NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    is_open       boolean NOT NULL DEFAULT true,
    version       integer NOT NULL DEFAULT 1,
    created_at_ms bigint  NOT NULL
);

-- A product's shelf. Keys stand in slots from `cursor`, the next to be sold, up to before `tail`, the next to be given;
-- `holes` of those slots hold voided keys, which the cursor will step over. Stock is tail - cursor - holes.
CREATE TABLE shop.pools (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id uuid    NOT NULL UNIQUE REFERENCES shop.products,
    cursor     bigint  NOT NULL DEFAULT 1,
    tail       bigint  NOT NULL DEFAULT 1,
    holes      bigint  NOT NULL DEFAULT 0,
    CHECK (cursor >= 1 AND holes >= 0 AND tail - cursor >= holes)
) WITH (fillfactor = 10);

-- What one import brought. The data key that seals its goods is wrapped by the master key of that generation.
CREATE TABLE shop.batches (
    id            uuid    PRIMARY KEY,
    product_id    uuid    NOT NULL REFERENCES shop.products,
    name          text    NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    supplier      text    NOT NULL CHECK (char_length(supplier) <= 200),
    wrapped_key   bytea   NOT NULL,
    master        integer NOT NULL,
    -- SHA-256 of the file and of how it is read: the same import goes on where it was killed.
    source        bytea   NOT NULL CHECK (octet_length(source) = 32),
    -- Lines read and settled so far, each as a key, a refusal or a blank.
    lines         bigint  NOT NULL DEFAULT 0,
    imported      bigint  NOT NULL DEFAULT 0,
    refused       bigint  NOT NULL DEFAULT 0,
    activated     bigint  NOT NULL DEFAULT 0,
    is_complete   boolean NOT NULL DEFAULT false,
    created_at_ms bigint  NOT NULL,
    CONSTRAINT batches_name UNIQUE (product_id, name),
    CHECK (imported >= 0 AND refused >= 0 AND imported + refused <= lines AND activated BETWEEN 0 AND imported)
);
CREATE INDEX batches_by_master ON shop.batches (master);

-- A key's place and its newest event; the parts that change, kept narrow.
CREATE TABLE shop.keys (
    no         bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_id     bytea    NOT NULL CONSTRAINT keys_key_id UNIQUE CHECK (octet_length(key_id) = 32),
    batch_id   uuid     NOT NULL REFERENCES shop.batches,
    pool_id    integer  REFERENCES shop.pools,
    slot       bigint,
    -- Kind, version, hash and time of the newest event.
    state      smallint NOT NULL CHECK (state BETWEEN 1 AND 10),
    version    integer  NOT NULL CHECK (version > 0),
    head       bytea    NOT NULL CHECK (octet_length(head) = 32),
    head_at_ms bigint   NOT NULL,
    CONSTRAINT keys_slot UNIQUE (pool_id, slot),
    CHECK ((pool_id IS NULL) = (slot IS NULL)),
    CHECK (state <> 2 OR slot IS NOT NULL)
-- Room on each page for the next version of its rows: an update that moves no indexed column stays on the page.
) WITH (fillfactor = 50);
CREATE INDEX keys_by_batch ON shop.keys (batch_id, no);

-- What a key opens, sealed, and the proof that its id is the code's; written once.
CREATE TABLE shop.goods (
    key_no    bigint  PRIMARY KEY REFERENCES shop.keys,
    -- The line of the batch's file that it stood on.
    line      bigint  NOT NULL,
    sealed    bytea   NOT NULL,
    vrf_proof bytea   NOT NULL CHECK (octet_length(vrf_proof) = 80)
);

-- Lines that an import did not take, and why; never what stood on them.
CREATE TABLE shop.refused_lines (
    batch_id uuid   NOT NULL REFERENCES shop.batches,
    line     bigint NOT NULL,
    reason   text   NOT NULL,
    detail   text   NOT NULL,
    PRIMARY KEY (batch_id, line)
);

-- Whose money: a channel's prepaid credit, a product's revenue, or what came from outside.
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

-- An answer that a repeated request gets again. The request's own content is told by its fingerprint. Here and in
-- `orders` and `ledger` no foreign key leads to accounts and wallets: every sale of a channel would take a share lock on
-- one row. A sale has locked its wallet anyway, and nothing deletes one (see the end of this file).
CREATE TABLE shop.idempotency (
    account_id  uuid  NOT NULL,
    key         text  NOT NULL CHECK (char_length(key) BETWEEN 1 AND 100),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    order_id    uuid  NOT NULL,
    PRIMARY KEY (account_id, key)
);

-- An order is delivered, or refused with its reason, in the transaction that makes it.
CREATE TABLE shop.orders (
    id            uuid   PRIMARY KEY,
    account_id    uuid   NOT NULL,
    state         text   NOT NULL
        CHECK (state IN ('delivered', 'refused', 'abnormal', 'partially_refunded', 'refunded')),
    -- Why there is no key.
    reason        text,
    total_minor   bigint NOT NULL CHECK (total_minor >= 0),
    currency      text   NOT NULL,
    -- keccak256 of the buyer's secret, as the sale's body names it.
    buyer         bytea  CHECK (octet_length(buyer) = 32),
    created_at_ms bigint NOT NULL,
    CONSTRAINT orders_key_or_reason CHECK ((state IN ('refused', 'abnormal')) = (reason IS NOT NULL))
) WITH (fillfactor = 90);
CREATE INDEX orders_by_account ON shop.orders (account_id, id);
CREATE INDEX orders_abnormal ON shop.orders (id) WHERE state = 'abnormal';

-- Lines are written by the statement that writes their order, sales by the one that moves their key on and counts it. A foreign
-- key from one to the other would look each row up again in the middle of the sale; `admin check` looks afterwards.
CREATE TABLE shop.order_lines (
    order_id    uuid     NOT NULL,
    line        smallint NOT NULL,
    product_id  uuid     NOT NULL,
    quantity    integer  NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    price_minor bigint   NOT NULL CHECK (price_minor >= 0),
    PRIMARY KEY (order_id, line)
);

-- One key, one sale, ever: the primary key says so. With it, the receipt that was handed out.
CREATE TABLE shop.sales (
    key_no      bigint   PRIMARY KEY,
    order_id    uuid     NOT NULL,
    line        smallint NOT NULL,
    anchor_by_s bigint   NOT NULL,
    -- Siblings of 32 bytes each, from the sale's event to the root that was signed.
    path        bytea    NOT NULL CHECK (octet_length(path) % 32 = 0 AND octet_length(path) <= 640),
    signature   bytea    NOT NULL CHECK (octet_length(signature) = 65),
    FOREIGN KEY (order_id, line) REFERENCES shop.order_lines
);
CREATE INDEX sales_by_order ON shop.sales (order_id, line);

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

-- What happened stays: these rows are added, some of them updated, and never taken away.
CREATE FUNCTION shop.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is not allowed', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME;
END $$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['shop.ledger', 'shop.sales', 'shop.order_lines'] LOOP
        EXECUTE format('CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON %s EXECUTE FUNCTION shop.refuse()', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['shop.merchant', 'shop.accounts', 'shop.products', 'shop.pools', 'shop.batches', 'shop.keys',
                                'shop.goods', 'shop.refused_lines', 'shop.api_keys', 'shop.wallets', 'shop.orders', 'shop.idempotency'] LOOP
        EXECUTE format('CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON %s EXECUTE FUNCTION shop.refuse()', name);
    END LOOP;
END $$;
