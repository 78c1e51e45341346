-- Order tokens that were revoked. A token names its order and a generation, counted from 1, and is derived from both: no
-- table holds it. An order without a row here is opened by its first token, and one with a row by the token of the
-- generation after it.
CREATE TABLE shop.revoked_order_tokens (
    order_id      uuid    PRIMARY KEY REFERENCES shop.orders,
    -- Up to this one they are refused.
    generation    integer NOT NULL CHECK (generation > 0),
    -- When that one was revoked.
    revoked_at_ms bigint  NOT NULL
);

-- One generation is revoked after another, and what was revoked stays so.
CREATE TRIGGER begins BEFORE INSERT ON shop.revoked_order_tokens FOR EACH ROW WHEN (NEW.generation <> 1)
    EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER follows BEFORE UPDATE ON shop.revoked_order_tokens FOR EACH ROW
    WHEN (NEW.order_id <> OLD.order_id OR NEW.generation <> OLD.generation + 1)
    EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.revoked_order_tokens EXECUTE FUNCTION shop.refuse();
