-- Orders, from the moment they are placed, the batches of the sale worker, and what those take from the pools.

CREATE TYPE shop.fulfilment AS ENUM ('pending', 'partially_delivered', 'delivered', 'cancelled');

-- One line of an order. Amounts are minor units of the order's currency; net = quantity * unit - discount.
CREATE TYPE shop.order_line_columns AS (
    product_id     uuid,
    -- None where the product is unknown, and the order refused.
    sku_id         uuid,
    quantity       integer,
    unit_minor     bigint,
    discount_minor bigint,
    net_minor      bigint,
    fulfilment     shop.fulfilment
);
CREATE DOMAIN shop.order_line AS shop.order_line_columns
    CONSTRAINT order_line_whole CHECK ((VALUE).product_id IS NOT NULL AND (VALUE).fulfilment IS NOT NULL)
    CONSTRAINT order_line_quantity CHECK ((VALUE).quantity BETWEEN 1 AND 100)
    CONSTRAINT order_line_net CHECK (
        (VALUE).net_minor = (VALUE).quantity * (VALUE).unit_minor - (VALUE).discount_minor
        AND (VALUE).unit_minor >= 0 AND (VALUE).discount_minor >= 0 AND (VALUE).net_minor >= 0);

-- Numbers batches and transfers, so that one list can hold both in the order in which they were written.
CREATE SEQUENCE shop.postings;

-- What was taken from each pool, range after range of slots; rows are only added. A range begins where another ends, or
-- at slot 1, and no two begin in the same slot: so ranges have no gaps and do not overlap, and no slot is taken twice.
-- The cursor of a pool is the end of its newest take: a row that every batch updated instead would leave a dead version
-- behind each time, and while a long transaction keeps those (a backup), every look-up would walk through all of them.
--
-- Whoever takes locks the pool's row first, and reads the newest take in a later statement, whose snapshot has it.
CREATE TABLE shop.takes (
    -- The trigger `keeps` finds it.
    pool_id     integer NOT NULL,
    first_slot  bigint  NOT NULL,
    end_slot    bigint  NOT NULL,
    -- How many slots below `first_slot`, and below `end_slot`, have a voided key.
    first_holes bigint  NOT NULL,
    end_holes   bigint  NOT NULL,
    -- Who took the slots that are no holes: a batch of sales, once from each pool, or a hold. Nobody, where there are only
    -- holes. A batch and
    -- its takes are written by one statement, and `admin check` compares them (`take_keys`): a foreign key would be looked
    -- up by every batch.
    batch_id    bigint,
    hold_id     bigint,
    -- The end of the take before; NULL for the first.
    prev        bigint  GENERATED ALWAYS AS (nullif(first_slot, 1)) STORED,
    -- Not by pool first: a plan made while the table is empty would look up the take before by it, through all of a
    -- pool's.
    PRIMARY KEY (first_slot, pool_id),
    CONSTRAINT takes_end UNIQUE (pool_id, end_slot, end_holes),
    CONSTRAINT takes_follow FOREIGN KEY (pool_id, prev, first_holes)
        REFERENCES shop.takes (pool_id, end_slot, end_holes),
    CONSTRAINT takes_of_hold FOREIGN KEY (hold_id, pool_id, first_slot, end_slot)
        REFERENCES shop.holds (id, pool_id, first_slot, end_slot),
    CONSTRAINT takes_range CHECK (first_slot >= 1 AND first_slot < end_slot),
    CONSTRAINT takes_holes CHECK (
        first_holes >= 0 AND end_holes - first_holes BETWEEN 0 AND end_slot - first_slot
        AND (first_slot > 1 OR first_holes = 0)),
    CONSTRAINT takes_taker CHECK (
        num_nonnulls(batch_id, hold_id) = CASE WHEN end_holes - first_holes = end_slot - first_slot THEN 0 ELSE 1 END
        AND (hold_id IS NULL OR end_holes = first_holes))
);

-- Each pool with its cursor, and how many of its keys are available.
CREATE VIEW shop.stock AS
SELECT p.id AS pool_id, p.sku_id, p.owner_account, p.tail, p.holes,
       coalesce(t.end_slot, 1) AS cursor,
       coalesce(t.end_holes, 0) AS cursor_holes,
       p.tail - coalesce(t.end_slot, 1) - (p.holes - coalesce(t.end_holes, 0)) AS available
FROM shop.pools p
LEFT JOIN LATERAL (
    SELECT end_slot, end_holes FROM shop.takes WHERE takes.pool_id = p.id ORDER BY end_slot DESC LIMIT 1
) t ON true;

-- A take reaches no further than the pool's slots and holes. The pool is locked: what this reads of it stays.
CREATE FUNCTION shop.keep_take() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM shop.pools
        WHERE id = NEW.pool_id AND NEW.end_holes <= holes AND holes - NEW.end_holes <= tail - NEW.end_slot
    ) THEN
        RAISE EXCEPTION 'pool %: slots up to % with % holes are more than it has',
            NEW.pool_id, NEW.end_slot - 1, NEW.end_holes;
    END IF;
    RETURN NEW;
END $$;

-- No foreign key leads from here to accounts: every order of an account would take a share lock on one row, and nothing
-- deletes an account (see its trigger `stays`).
CREATE TABLE shop.orders (
    -- 16 bytes of a SHA-256 over the customer and the idempotency key: whoever inserts the row first has placed the
    -- order.
    id             uuid    PRIMARY KEY,
    -- SHA-256 of the request's content. The same id with another content is another request, and is refused.
    fingerprint    attest.hash NOT NULL,
    -- The customer: an account, or a guest by a keyed hash of the contact that was given.
    account_id     uuid,
    guest          attest.hash,
    channel        text    NOT NULL CHECK (channel IN ('api', 'storefront')),
    -- keccak256 of the buyer's secret, as the sale's body names it.
    buyer          attest.hash,
    state          text    NOT NULL CHECK (state IN (
        'awaiting_payment', 'paid', 'partially_delivered', 'delivered', 'partially_refunded', 'refunded', 'expired',
        'cancelled', 'refused', 'abnormal')),
    -- Counts the transitions; guards an update against another one at the same time.
    version        integer NOT NULL CHECK (version > 0),
    -- Why there is no key.
    reason         text,
    lines          shop.order_line[] NOT NULL CHECK (cardinality(lines) BETWEEN 1 AND 20),
    subtotal_minor bigint  NOT NULL CHECK (subtotal_minor >= 0),
    discount_minor bigint  NOT NULL CHECK (discount_minor >= 0),
    total_minor    bigint  NOT NULL CHECK (total_minor >= 0),
    -- Empty for an order that was refused, which has no prices.
    currency       text    NOT NULL,
    -- The keys of its items, by the items' numbers, written once, with the delivery. So the items are found without an
    -- index of the events by order: the ids of orders are spread evenly, and another such index would cost a sale as much
    -- as the rest of its entries.
    keys           bigint[] NOT NULL DEFAULT '{}',
    -- The batch that placed the order. What it delivered is the answer to every repeat of the request.
    batch_id       bigint  NOT NULL,
    -- Until when the order can be paid; none where it was paid or refused when it was placed.
    expires_at_ms  bigint,
    -- The batch that delivered an order that was placed unpaid.
    delivered_by   bigint,
    -- A keyed hash of the address that an unpaid order was placed from: so many of one address can wait at once.
    address        attest.hash,
    created_at_ms  bigint  NOT NULL,
    CONSTRAINT orders_one_customer CHECK (num_nonnulls(account_id, guest) = 1),
    CONSTRAINT orders_total CHECK (total_minor = subtotal_minor - discount_minor),
    CONSTRAINT orders_key_or_reason CHECK ((state IN ('refused', 'abnormal')) = (reason IS NOT NULL)),
    CONSTRAINT orders_expiry CHECK (state <> 'awaiting_payment' OR expires_at_ms IS NOT NULL),
    CONSTRAINT orders_delivered_by CHECK (expires_at_ms IS NOT NULL OR delivered_by IS NULL),
    CONSTRAINT orders_delivered_keys CHECK (expires_at_ms IS NULL OR (keys = '{}') = (delivered_by IS NULL))
) WITH (fillfactor = 90);
-- Equal entries share their place in the index: an account's orders of one batch are one entry.
CREATE INDEX orders_by_account ON shop.orders (account_id, batch_id);
-- A prepaid sale is delivered when it is placed, and has no entry here.
CREATE INDEX orders_by_state ON shop.orders (state, batch_id) WHERE state <> 'delivered';
-- Those that were delivered after they were placed. The others are found by what their batches took.
CREATE INDEX orders_delivered_later ON shop.orders (batch_id, id) WHERE delivered_by IS NOT NULL;
-- Those that wait for their payment: by their deadline, and how many there are of one guest and of one address.
CREATE INDEX orders_by_expiry ON shop.orders (expires_at_ms) WHERE state = 'awaiting_payment';
CREATE INDEX orders_waiting_of_guest ON shop.orders (guest) WHERE state = 'awaiting_payment';
CREATE INDEX orders_waiting_of_address ON shop.orders (address) WHERE state = 'awaiting_payment';

-- How many units each account bought of an SKU with a limit: a row an order, which follows the one before by a foreign
-- key. The newest row of a chain is the count, and two orders that follow the same row are refused. What was bought while
-- there was no limit is not counted: those sales write nothing here. A refund takes nothing back from a count.
CREATE TABLE shop.limited_purchases (
    sku_id       uuid    NOT NULL REFERENCES shop.skus,
    -- No foreign key, as in `orders`.
    account_id   uuid    NOT NULL,
    -- 0 where all purchases count together; else the day in UTC, counted from 1970.
    period       integer NOT NULL CHECK (period >= 0),
    units_before integer NOT NULL CHECK (units_before >= 0),
    units_after  integer NOT NULL,
    order_id     uuid    NOT NULL REFERENCES shop.orders,
    prev         integer GENERATED ALWAYS AS (nullif(units_before, 0)) STORED,
    PRIMARY KEY (sku_id, account_id, period, units_before),
    CONSTRAINT limited_purchases_after UNIQUE (sku_id, account_id, period, units_after),
    CONSTRAINT limited_purchases_follow FOREIGN KEY (sku_id, account_id, period, prev)
        REFERENCES shop.limited_purchases (sku_id, account_id, period, units_after),
    CONSTRAINT limited_purchases_order UNIQUE (order_id, sku_id),
    CONSTRAINT limited_purchases_range CHECK (units_before < units_after)
);

-- A count stays within the limit. The SKU's pool is locked: what this reads of the SKU stays.
CREATE FUNCTION shop.keep_limit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM shop.skus
        WHERE id = NEW.sku_id AND NEW.units_after <= buyer_max AND (buyer_per = 'ever') = (NEW.period = 0)
    ) THEN
        RAISE EXCEPTION 'SKU %: % units are more than account % may buy', NEW.sku_id, NEW.units_after, NEW.account_id;
    END IF;
    RETURN NEW;
END $$;

-- An order changes its state by the transitions of `domain::order`, with its lines' fulfilment; one that was placed
-- unpaid gets its keys with its delivery. Nothing else changes.
CREATE FUNCTION shop.keep_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changes CONSTANT text[] := CASE WHEN OLD.delivered_by IS NULL AND NEW.delivered_by IS NOT NULL
        THEN '{state, version, lines, keys, delivered_by}' ELSE '{state, version, lines}' END;
    fulfilments CONSTANT shop.fulfilment[] := ARRAY(SELECT DISTINCT l.fulfilment FROM unnest(NEW.lines) l);
BEGIN
    IF to_jsonb(NEW) - changes IS DISTINCT FROM to_jsonb(OLD) - changes
        OR (SELECT jsonb_agg(to_jsonb(l) - 'fulfilment') FROM unnest(NEW.lines) l)
        IS DISTINCT FROM
        (SELECT jsonb_agg(to_jsonb(l) - 'fulfilment') FROM unnest(OLD.lines) l)
    THEN
        RAISE EXCEPTION 'order %: only its state and its lines'' fulfilment may change', OLD.id;
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'order %: version % does not follow %', OLD.id, NEW.version, OLD.version;
    END IF;
    IF format('%s %s', OLD.state, NEW.state) <> ALL (ARRAY[
        'awaiting_payment paid', 'awaiting_payment delivered', 'awaiting_payment expired', 'awaiting_payment cancelled',
        'expired paid', 'expired delivered', 'cancelled paid', 'cancelled delivered',
        'paid partially_delivered', 'paid delivered', 'paid refunded',
        'partially_delivered partially_delivered', 'partially_delivered delivered',
        'partially_delivered partially_refunded',
        'delivered partially_refunded', 'delivered refunded',
        'partially_refunded partially_refunded', 'partially_refunded refunded'])
    THEN
        RAISE EXCEPTION 'order % is % and cannot become %', OLD.id, OLD.state, NEW.state;
    END IF;
    IF NOT (CASE
        WHEN NEW.state IN ('awaiting_payment', 'paid') THEN fulfilments = '{pending}'
        WHEN NEW.state IN ('expired', 'cancelled') THEN fulfilments = '{cancelled}'
        WHEN NEW.state = 'delivered' THEN fulfilments = '{delivered}'
        WHEN NEW.state = 'partially_delivered' THEN 'cancelled' <> ALL (fulfilments)
            AND ('partially_delivered' = ANY (fulfilments) OR fulfilments @> '{pending, delivered}')
        ELSE 'pending' <> ALL (fulfilments)
    END) THEN
        RAISE EXCEPTION 'order %: lines that are % do not go with the state %', OLD.id, fulfilments, NEW.state;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER keeps BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.keep_order();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.orders EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER keeps BEFORE INSERT ON shop.limited_purchases FOR EACH ROW EXECUTE FUNCTION shop.keep_limit();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.limited_purchases EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER keeps BEFORE INSERT ON shop.takes FOR EACH ROW EXECUTE FUNCTION shop.keep_take();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.takes EXECUTE FUNCTION shop.refuse();
