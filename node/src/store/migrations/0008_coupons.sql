-- Coupons, and the orders that used them.

CREATE TABLE shop.coupons (
    -- 16 bytes of a SHA-256 over the code: an order names its coupon without a look-up.
    id               uuid     PRIMARY KEY,
    code             text     NOT NULL CONSTRAINT coupons_code UNIQUE CHECK (code ~ '^[A-Z0-9_-]{3,40}$'),
    -- What it takes off: an amount, or so many percent.
    amount_minor     bigint   CHECK (amount_minor BETWEEN 1 AND 1000000000000),
    percent          smallint CHECK (percent BETWEEN 1 AND 100),
    -- The only currency that it is for.
    currency         text     CHECK (currency ~ '^[A-Z]{3}$'),
    -- The least that an order costs before the discount.
    minimum_minor    bigint   NOT NULL CHECK (minimum_minor BETWEEN 0 AND 1000000000000),
    starts_at_ms     bigint,
    -- From then on it cannot be used; `ended_at_ms` is set by hand, once.
    ends_at_ms       bigint,
    ended_at_ms      bigint,
    -- How often it can be used, by all and by one account.
    uses_max         integer  CHECK (uses_max > 0),
    account_uses_max integer  CHECK (account_uses_max > 0),
    created_at_ms    bigint   NOT NULL,
    CONSTRAINT coupons_discount CHECK (num_nonnulls(amount_minor, percent) = 1),
    CONSTRAINT coupons_currency CHECK (currency IS NOT NULL OR amount_minor IS NULL AND minimum_minor = 0),
    CONSTRAINT coupons_period CHECK (starts_at_ms < ends_at_ms)
);

-- The products that a coupon is for; one without a row here is for all. Written with the coupon.
CREATE TABLE shop.coupon_products (
    coupon_id  uuid NOT NULL REFERENCES shop.coupons,
    product_id uuid NOT NULL REFERENCES shop.products,
    PRIMARY KEY (coupon_id, product_id)
);

-- A use belongs to its order, which is written in the same transaction, and stays whatever becomes of that. The uses of
-- a coupon are numbered, and those of each account: no two have one number, and none has one over the coupon's bound.
CREATE TABLE shop.coupon_uses (
    coupon_id      uuid    NOT NULL REFERENCES shop.coupons,
    number         integer NOT NULL CHECK (number > 0),
    -- No foreign key, as in `orders`.
    account_id     uuid    NOT NULL,
    account_number integer NOT NULL CHECK (account_number > 0),
    order_id       uuid    NOT NULL CONSTRAINT coupon_uses_order UNIQUE REFERENCES shop.orders,
    discount_minor bigint  NOT NULL CHECK (discount_minor >= 0),
    PRIMARY KEY (coupon_id, number),
    CONSTRAINT coupon_uses_account UNIQUE (coupon_id, account_id, account_number)
);

-- What this reads of the coupon never changes.
CREATE FUNCTION shop.keep_coupon_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM shop.coupons
        WHERE id = NEW.coupon_id AND NEW.number <= coalesce(uses_max, NEW.number)
            AND NEW.account_number <= coalesce(account_uses_max, NEW.account_number)
    ) THEN
        RAISE EXCEPTION 'coupon %: it has no use % in all, or none % for account %', NEW.coupon_id, NEW.number,
            NEW.account_number, NEW.account_id;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER keeps BEFORE INSERT ON shop.coupon_uses FOR EACH ROW EXECUTE FUNCTION shop.keep_coupon_use();
CREATE TRIGGER ends_once BEFORE UPDATE ON shop.coupons FOR EACH ROW
    WHEN (OLD.ended_at_ms IS NOT NULL OR NEW.ended_at_ms IS NULL
          OR to_jsonb(OLD) - 'ended_at_ms' <> to_jsonb(NEW) - 'ended_at_ms')
    EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.coupons EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.coupon_products EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.coupon_uses EXECUTE FUNCTION shop.refuse();
