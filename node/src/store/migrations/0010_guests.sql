-- What opens the list of a guest's orders: a keyed hash of the contact and the password that were given with an order.
-- Without the node's keys, neither can be guessed from it.
CREATE TABLE shop.guest_lookups (
    order_id uuid        PRIMARY KEY REFERENCES shop.orders,
    lookup   attest.hash NOT NULL
);
CREATE INDEX guest_lookups_by_lookup ON shop.guest_lookups (lookup);

CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.guest_lookups EXECUTE FUNCTION shop.refuse();
