-- Payments through gateways, what is paid back through them, and the orders that a person looks at.

-- One attempt to pay an order. Its id is the order number that the gateway is told; account and amount never change, so
-- that a notice is held against what was asked for.
CREATE TABLE shop.payments (
    id             uuid    PRIMARY KEY,
    order_id       uuid    NOT NULL REFERENCES shop.orders,
    gateway_id     integer NOT NULL,
    amount_minor   bigint  NOT NULL CHECK (amount_minor BETWEEN 1 AND 1000000000000),
    currency       text    NOT NULL,
    -- closed: the gateway says that it cannot be paid any more, or does not know it long after its order ended. A notice
    -- may come all the same.
    state          text    NOT NULL CHECK (state IN ('pending', 'received', 'closed')),
    -- The gateway's own number; some give one out with the page, all with the notice.
    trade_no       text    CHECK (char_length(trade_no) BETWEEN 1 AND 200),
    -- The page on which the buyer pays.
    url            text,
    created_at_ms  bigint  NOT NULL,
    received_at_ms bigint,
    -- The batch that took it.
    batch_id       bigint,
    -- When the gateway is asked next, and how often it was asked.
    ask_at_ms      bigint  NOT NULL,
    asked          integer NOT NULL DEFAULT 0,
    CONSTRAINT payments_gateway FOREIGN KEY (gateway_id, currency) REFERENCES shop.gateway_accounts (id, currency),
    CONSTRAINT payments_order UNIQUE (order_id, gateway_id),
    CONSTRAINT payments_trade_no UNIQUE (gateway_id, trade_no),
    CONSTRAINT payments_received CHECK (
        num_nonnulls(received_at_ms, batch_id) = CASE state WHEN 'received' THEN 2 ELSE 0 END),
    CONSTRAINT payments_traded CHECK (state <> 'received' OR trade_no IS NOT NULL)
);
CREATE INDEX payments_to_ask ON shop.payments (ask_at_ms) WHERE state = 'pending';
CREATE INDEX payments_by_batch ON shop.payments (batch_id) WHERE batch_id IS NOT NULL;

-- A payment is received once, for good.
CREATE TRIGGER keeps BEFORE UPDATE ON shop.payments FOR EACH ROW
    WHEN (OLD.state = 'received'
          OR (OLD.id, OLD.order_id, OLD.gateway_id, OLD.amount_minor, OLD.currency, OLD.created_at_ms)
             IS DISTINCT FROM (NEW.id, NEW.order_id, NEW.gateway_id, NEW.amount_minor, NEW.currency, NEW.created_at_ms))
    EXECUTE FUNCTION shop.refuse();

-- Orders that a person decides on: each has one open question of a kind at most, but one for each payment too many.
CREATE TABLE shop.reviews (
    id            bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id      uuid    NOT NULL REFERENCES shop.orders,
    -- out_of_stock: paid, and there are not enough keys; undeliverable: paid, and its next key cannot be sold;
    -- paid_twice: paid again after it was paid.
    question      text    NOT NULL CHECK (question IN ('out_of_stock', 'undeliverable', 'paid_twice')),
    -- The payment that it is about.
    payment_id    uuid    REFERENCES shop.payments,
    opened_at_ms  bigint  NOT NULL,
    closed_at_ms  bigint,
    decision      text    CHECK (decision IN ('delivered', 'repaid', 'closed')),
    -- Who decided, and what they say about it; nobody, where a delivery answered the question.
    decided_by    uuid    REFERENCES shop.accounts,
    note          text    CHECK (char_length(note) <= 500),
    CONSTRAINT reviews_closed CHECK (num_nonnulls(closed_at_ms, decision) IN (0, 2))
);
CREATE UNIQUE INDEX reviews_open ON shop.reviews (order_id, question)
    WHERE closed_at_ms IS NULL AND question <> 'paid_twice';
CREATE UNIQUE INDEX reviews_of_payment ON shop.reviews (payment_id) WHERE question = 'paid_twice';

-- Money of a payment that goes back through its gateway.
CREATE TABLE shop.repayments (
    id            uuid    PRIMARY KEY,
    payment_id    uuid    NOT NULL REFERENCES shop.payments,
    -- Where it comes from, until then.
    from_wallet   bigint  NOT NULL REFERENCES shop.wallets,
    -- The delivered item that it is for; none where nothing was delivered for the money.
    item          integer CHECK (item > 0),
    amount_minor  bigint  NOT NULL CHECK (amount_minor > 0),
    -- by_hand: the gateway cannot, or said no: a person pays it back, and says so, which makes it done.
    state         text    NOT NULL CHECK (state IN ('pending', 'by_hand', 'done')),
    reason        text    NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 500),
    -- What the gateway said last.
    answer        text    CHECK (char_length(answer) <= 500),
    created_at_ms bigint  NOT NULL,
    done_at_ms    bigint,
    ask_at_ms     bigint  NOT NULL,
    asked         integer NOT NULL DEFAULT 0,
    CONSTRAINT repayments_done CHECK ((state = 'done') = (done_at_ms IS NOT NULL))
);
CREATE INDEX repayments_to_ask ON shop.repayments (ask_at_ms) WHERE state = 'pending';
CREATE INDEX repayments_of_payment ON shop.repayments (payment_id);
-- An item is paid back once.
CREATE UNIQUE INDEX repayments_of_item ON shop.repayments (payment_id, item) WHERE item IS NOT NULL;

-- Never more goes back than was received. The payment's order is locked: of two repayments at once the second sees the
-- first.
CREATE FUNCTION shop.keep_repayment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT coalesce(sum(amount_minor), 0) FROM shop.repayments WHERE payment_id = NEW.payment_id)
        > (SELECT amount_minor FROM shop.payments WHERE id = NEW.payment_id AND state = 'received')
        OR NOT EXISTS (SELECT FROM shop.payments WHERE id = NEW.payment_id AND state = 'received')
    THEN
        RAISE EXCEPTION 'payment %: more would be paid back than was received', NEW.payment_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keeps AFTER INSERT ON shop.repayments FOR EACH ROW EXECUTE FUNCTION shop.keep_repayment();
CREATE TRIGGER ends_once BEFORE UPDATE ON shop.repayments FOR EACH ROW
    WHEN (OLD.state = 'done'
          OR (OLD.id, OLD.payment_id, OLD.from_wallet, OLD.item, OLD.amount_minor, OLD.reason, OLD.created_at_ms)
             IS DISTINCT FROM
             (NEW.id, NEW.payment_id, NEW.from_wallet, NEW.item, NEW.amount_minor, NEW.reason, NEW.created_at_ms))
    EXECUTE FUNCTION shop.refuse();

CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.payments EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.reviews EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.repayments EXECUTE FUNCTION shop.refuse();
