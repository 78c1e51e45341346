-- Who bought what.

-- An answer that a repeated request gets again. The request's own content is told by its fingerprint. Here and in
-- `orders` and `ledger` no foreign key leads to accounts and wallets: every sale of a reseller would take a share lock on
-- one row. A sale has locked its wallet anyway, and nothing deletes one (see the trigger `stays` of each).
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

CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.order_lines EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.sales EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.idempotency EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.orders EXECUTE FUNCTION shop.refuse();
