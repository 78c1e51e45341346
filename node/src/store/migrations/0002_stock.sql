-- Products, SKUs, and their stock. What happened to each key is in `attest.events`.

CREATE TABLE shop.products (
    id            uuid    PRIMARY KEY,
    name          text    NOT NULL CONSTRAINT products_name UNIQUE CHECK (char_length(name) BETWEEN 1 AND 200),
    on_sale       boolean NOT NULL DEFAULT true,
    -- Counts changes of the product and of its SKU.
    version       integer NOT NULL DEFAULT 1,
    created_at_ms bigint  NOT NULL,
    -- A category is there as long as a product names it.
    category      text    CHECK (char_length(category) BETWEEN 1 AND 100)
);
CREATE INDEX products_by_category ON shop.products (category, id) WHERE category IS NOT NULL;

-- Whether these are tiers of a SKU of that price: quantities ascend from 2 on, prices fall from below its own.
CREATE FUNCTION shop.are_tiers(price_minor bigint, quantities integer[], prices_minor bigint[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT cardinality(quantities) = cardinality(prices_minor) AND cardinality(quantities) <= 10
        AND coalesce(bool_and(coalesce(
            quantity > before_quantity AND quantity <= 100 AND price < before_price AND price >= 0, false)), true)
    FROM (
        SELECT quantity, price, lag(quantity, 1, 1) OVER (ORDER BY place) AS before_quantity,
               lag(price, 1, price_minor) OVER (ORDER BY place) AS before_price
        FROM unnest(quantities, prices_minor) WITH ORDINALITY AS tiers (quantity, price, place)
    ) steps
$$;

-- What an order line buys: a product at a price. Each product has one.
CREATE TABLE shop.skus (
    id          uuid    PRIMARY KEY,
    product_id  uuid    NOT NULL CONSTRAINT skus_product UNIQUE REFERENCES shop.products,
    price_minor bigint  NOT NULL CHECK (price_minor BETWEEN 0 AND 1000000000000),
    currency    text    NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- auto: each unit is a key from a pool; manual: a person delivers; loop: every buyer gets the same code.
    kind        text    NOT NULL CHECK (kind IN ('auto', 'manual', 'loop')),
    -- hold: an order that waits for its payment holds its stock; allocate: stock is taken when the payment is there.
    policy      text    NOT NULL CHECK (policy IN ('hold', 'allocate')),
    version     integer NOT NULL DEFAULT 1,
    -- Wholesale tiers: a line of so many units or more pays that price for each of them.
    tier_quantities   integer[] NOT NULL DEFAULT '{}',
    tier_prices_minor bigint[]  NOT NULL DEFAULT '{}',
    -- The most units that one order may be for.
    order_max         integer   CHECK (order_max BETWEEN 1 AND 100),
    -- The most units that one account may buy, ever or on each day.
    buyer_max         integer   CHECK (buyer_max BETWEEN 1 AND 1000000),
    buyer_per         text      CHECK (buyer_per IN ('ever', 'day')),
    -- With so many keys available or fewer, the stock is low.
    low_stock         integer   CHECK (low_stock BETWEEN 0 AND 1000000),
    CONSTRAINT skus_buyer_limit CHECK (num_nulls(buyer_max, buyer_per) <> 1),
    CONSTRAINT skus_tiers CHECK (shop.are_tiers(price_minor, tier_quantities, tier_prices_minor))
);

-- One owner's stock of an SKU. Activated keys get consecutive slots, and are sold in the order of their slots. The
-- slots below the pool's cursor, the end of its newest row in `takes`, were taken from it; those from there to before
-- `tail` are for sale, except the ones of voided keys. No sale updates this row: it locks it (see `takes`).
CREATE TABLE shop.pools (
    id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku_id        uuid    NOT NULL REFERENCES shop.skus,
    -- NULL: the house.
    owner_account uuid    REFERENCES shop.accounts,
    tail          bigint  NOT NULL DEFAULT 1,
    -- How many of its slots have a voided key, taken or not. Such a slot stays empty.
    holes         bigint  NOT NULL DEFAULT 0,
    CONSTRAINT pools_owner UNIQUE NULLS NOT DISTINCT (sku_id, owner_account),
    CHECK (holes BETWEEN 0 AND tail - 1)
);

-- A range of a pool's slots, from `first_slot` to before `end_slot`, that is kept for one owner. Each of its slots has
-- an activated key when it is taken, at the pool's cursor: the hold's row in `takes` moves that behind it. It ends
-- once: taken, when its keys are sold; released, when they get new slots at the pool's tail.
CREATE TABLE shop.holds (
    id            bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pool_id       integer  NOT NULL REFERENCES shop.pools,
    first_slot    bigint   NOT NULL,
    end_slot      bigint   NOT NULL,
    -- A line of an order, a branch of a saga, or a claim.
    owner_kind    text     NOT NULL CHECK (owner_kind IN ('order_line', 'branch', 'claim')),
    owner_id      uuid     NOT NULL,
    -- The number of the order's line.
    owner_line    smallint,
    state         text     NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'taken', 'released')),
    expires_at_ms bigint   NOT NULL,
    -- The batch of sales that took its keys.
    batch_id      bigint,
    CONSTRAINT holds_taken CHECK ((state = 'taken') = (batch_id IS NOT NULL)),
    CONSTRAINT holds_range CHECK (first_slot >= 1 AND first_slot < end_slot AND end_slot < 1::bigint << 32),
    CONSTRAINT holds_take UNIQUE (id, pool_id, first_slot, end_slot),
    CONSTRAINT holds_owner CHECK ((owner_kind = 'order_line') = (owner_line IS NOT NULL)),
    -- Ranges of one pool do not overlap, whatever became of them. The pool is the upper half of the numbers compared,
    -- so that one range type is enough; two columns would need the extension btree_gist.
    CONSTRAINT holds_overlap EXCLUDE USING gist
        (int8range((pool_id::bigint << 32) + first_slot, (pool_id::bigint << 32) + end_slot) WITH &&)
);
CREATE INDEX holds_held ON shop.holds (pool_id, first_slot) WHERE state = 'held';
CREATE INDEX holds_by_owner ON shop.holds (owner_id);

-- One imported file. Its goods are encrypted under a data key, which is wrapped by the master key of a generation.
CREATE TABLE shop.batches (
    id                uuid    PRIMARY KEY,
    sku_id            uuid    NOT NULL REFERENCES shop.skus,
    name              text    NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    supplier          text    NOT NULL CHECK (char_length(supplier) <= 200),
    wrapped_key       bytea   NOT NULL,
    master_generation integer NOT NULL,
    -- SHA-256 of the file and of the options it is read with: the same import resumes this batch.
    source            bytea   NOT NULL CHECK (octet_length(source) = 32),
    -- Lines read and stored so far, each as a key, a refusal or a blank.
    lines             bigint  NOT NULL DEFAULT 0,
    imported          bigint  NOT NULL DEFAULT 0,
    refused           bigint  NOT NULL DEFAULT 0,
    activated         bigint  NOT NULL DEFAULT 0,
    -- Of the imported: those that a spreadsheet's wrapping or characters without width were taken off, and those that
    -- had come in with a batch that was withdrawn.
    unwrapped         bigint  NOT NULL DEFAULT 0,
    cleaned           bigint  NOT NULL DEFAULT 0,
    returned          bigint  NOT NULL DEFAULT 0,
    is_complete       boolean NOT NULL DEFAULT false,
    created_at_ms     bigint  NOT NULL,
    -- Since then its keys that were not activated never will be: they may come in again with another batch.
    withdrawn_at_ms   bigint,
    CONSTRAINT batches_name UNIQUE (sku_id, name),
    CHECK (imported >= 0 AND refused >= 0 AND imported + refused <= lines AND activated BETWEEN 0 AND imported),
    CHECK (unwrapped >= 0 AND cleaned >= 0 AND returned BETWEEN 0 AND imported)
);
CREATE INDEX batches_by_master ON shop.batches (master_generation);

-- A key's place, (pool, slot), and its newest event but for the sale: that one is the row in `attest.events` alone, and
-- this row stays as it was, because an update would cost a sale as much as the order's own row. Read both by the view
-- `key_heads`.
CREATE TABLE shop.keys (
    no         bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_id     bytea    NOT NULL CONSTRAINT keys_key_id UNIQUE CHECK (octet_length(key_id) = 32),
    batch_id   uuid     NOT NULL REFERENCES shop.batches,
    pool_id    integer  REFERENCES shop.pools,
    slot       bigint,
    -- Kind, version, hash and time of the newest event that is no sale.
    state      smallint NOT NULL CHECK (state BETWEEN 1 AND 10 AND state <> 3),
    version    integer  NOT NULL CHECK (version > 0),
    head       bytea    NOT NULL CHECK (octet_length(head) = 32),
    head_at_ms bigint   NOT NULL,
    CONSTRAINT keys_slot UNIQUE (pool_id, slot),
    CHECK ((pool_id IS NULL) = (slot IS NULL)),
    CHECK (state <> 2 OR slot IS NOT NULL)
);
CREATE INDEX keys_by_batch ON shop.keys (batch_id, no);

-- Each key with its newest event. Where that is the sale, `head` is NULL: the event's hash, which is computed from
-- `key_id`, `prev` and `payload`.
CREATE VIEW shop.key_heads AS
SELECT k.no, k.key_id, k.batch_id, k.pool_id, k.slot,
       coalesce(s.kind, k.state) AS state,
       coalesce(s.version, k.version) AS version,
       CASE WHEN s.key_no IS NULL THEN k.head END AS head,
       coalesce(s.at_ms, k.head_at_ms) AS head_at_ms,
       s.prev, s.payload
FROM shop.keys k
LEFT JOIN attest.events s ON s.key_no = k.no AND s.kind = 3 AND k.state = 2;

-- As lists show keys: each with its newest event, its product, and the order that it was sold with, also where it was
-- redeemed, refunded or disputed since.
CREATE VIEW shop.listed_keys AS
SELECT k.no, k.key_id, k.batch_id, u.product_id,
       CASE k.state WHEN 2 THEN coalesce(s.kind, k.state) ELSE k.state END AS state,
       CASE k.state WHEN 2 THEN coalesce(s.version, k.version) ELSE k.version END AS version,
       CASE k.state WHEN 2 THEN coalesce(s.at_ms, k.head_at_ms) ELSE k.head_at_ms END AS at_ms,
       s.order_id
FROM shop.keys k
JOIN shop.batches b ON b.id = k.batch_id
JOIN shop.skus u ON u.id = b.sku_id
LEFT JOIN attest.events s ON s.key_no = k.no AND s.kind = 3;

-- A key's code and what is delivered with it, encrypted, and the proof that the key id is the code's. Written once, and
-- again only with a key that moves to another batch.
CREATE TABLE shop.goods (
    key_no    bigint  PRIMARY KEY REFERENCES shop.keys,
    -- The line of the batch's file.
    line      bigint  NOT NULL,
    sealed    bytea   NOT NULL,
    vrf_proof bytea   NOT NULL CHECK (octet_length(vrf_proof) = 80)
);

-- Lines that an import refused, and why; never their content.
CREATE TABLE shop.refused_lines (
    batch_id uuid   NOT NULL REFERENCES shop.batches,
    line     bigint NOT NULL,
    reason   text   NOT NULL,
    detail   text   NOT NULL,
    PRIMARY KEY (batch_id, line)
);

-- Keys that came in again with another batch after theirs was withdrawn, and the line of the first file. Nothing was
-- promised about a key before its activation: its id and its history stay, and the next event names the batch and the
-- product that it has by then.
CREATE TABLE shop.moved_keys (
    from_batch uuid   NOT NULL REFERENCES shop.batches,
    key_no     bigint NOT NULL REFERENCES shop.keys,
    line       bigint NOT NULL,
    to_batch   uuid   NOT NULL REFERENCES shop.batches,
    PRIMARY KEY (from_batch, key_no),
    CHECK (from_batch <> to_batch)
);
CREATE INDEX moved_keys_by_key ON shop.moved_keys (key_no);

-- State 1: generated.
CREATE FUNCTION shop.move_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state, NEW.version) IS DISTINCT FROM (1::smallint, 1::smallint, OLD.version)
        OR NOT EXISTS (SELECT FROM shop.batches WHERE id = OLD.batch_id AND withdrawn_at_ms IS NOT NULL)
    THEN
        RAISE EXCEPTION 'key % stays in its batch: it was activated, or the batch was not withdrawn', OLD.no;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER moves BEFORE UPDATE OF batch_id ON shop.keys FOR EACH ROW WHEN (OLD.batch_id <> NEW.batch_id)
    EXECUTE FUNCTION shop.move_key();

-- Goods change in the transaction that moves their key out of a batch that was withdrawn, and writes the row in
-- `moved_keys`. Asked after the statement: it does all three, in no order.
CREATE FUNCTION shop.keep_goods() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.key_no, NEW.vrf_proof) IS DISTINCT FROM (OLD.key_no, OLD.vrf_proof)
        OR NOT EXISTS (
            SELECT FROM shop.moved_keys m
            JOIN shop.keys k ON k.no = m.key_no AND k.batch_id = m.to_batch
            JOIN shop.batches b ON b.id = m.from_batch
            WHERE m.key_no = OLD.key_no AND m.xmin = pg_current_xact_id()::xid
                AND k.state = 1 AND b.withdrawn_at_ms IS NOT NULL)
    THEN
        RAISE EXCEPTION 'goods of key % are not to be changed', OLD.key_no;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keeps AFTER UPDATE ON shop.goods FOR EACH ROW EXECUTE FUNCTION shop.keep_goods();

-- Of a batch that was withdrawn only the wrapping of its data key changes.
CREATE TRIGGER stays_withdrawn BEFORE UPDATE ON shop.batches FOR EACH ROW
    WHEN (OLD.withdrawn_at_ms IS NOT NULL
          AND (OLD.withdrawn_at_ms, OLD.lines, OLD.imported, OLD.refused, OLD.activated, OLD.is_complete)
              IS DISTINCT FROM
              (NEW.withdrawn_at_ms, NEW.lines, NEW.imported, NEW.refused, NEW.activated, NEW.is_complete))
    EXECUTE FUNCTION shop.refuse();

CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.products EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.skus EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.pools EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.batches EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.keys EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.goods EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.refused_lines EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.moved_keys EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.holds EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER grows BEFORE UPDATE ON shop.pools FOR EACH ROW
    WHEN (NEW.tail < OLD.tail OR NEW.holes < OLD.holes
          OR (NEW.id, NEW.sku_id, NEW.owner_account) IS DISTINCT FROM (OLD.id, OLD.sku_id, OLD.owner_account))
    EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER begins_held BEFORE INSERT ON shop.holds FOR EACH ROW WHEN (NEW.state <> 'held')
    EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER ends_once BEFORE UPDATE ON shop.holds FOR EACH ROW
    WHEN (OLD.state <> 'held' OR NEW.state = 'held'
          OR (OLD.id, OLD.pool_id, OLD.first_slot, OLD.end_slot, OLD.owner_kind, OLD.owner_id, OLD.owner_line,
              OLD.expires_at_ms)
             IS DISTINCT FROM
             (NEW.id, NEW.pool_id, NEW.first_slot, NEW.end_slot, NEW.owner_kind, NEW.owner_id, NEW.owner_line,
              NEW.expires_at_ms))
    EXECUTE FUNCTION shop.refuse();
