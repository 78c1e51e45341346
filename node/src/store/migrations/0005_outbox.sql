-- What happened in the shop besides the events of keys, and how far each consumer of both has read.

-- Facts that are no event of a key. A row is written in the transaction that makes its fact true, after that
-- transaction has locked what the fact is about: the rows of one `key` then are in the order of their ids.
CREATE TABLE shop.outbox (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid   xid8   NOT NULL DEFAULT pg_current_xact_id(),
    topic text   NOT NULL,
    -- What the fact is about: the id of a product, an order, an account.
    key   text   NOT NULL,
    at_ms bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    body  jsonb  NOT NULL
);
CREATE INDEX outbox_by_transaction ON shop.outbox (xid);

-- How far a consumer has read: everything that is visible in `since`, and of what `snapshot` adds to that, a part:
-- facts up to the id `after_id`, then events up to one of them, in the order of (at_ms, key_no, version).
CREATE TABLE shop.consumers (
    name          text        PRIMARY KEY CHECK (char_length(name) BETWEEN 1 AND 100),
    since         pg_snapshot NOT NULL,
    snapshot      pg_snapshot,
    after_id      bigint,
    after_at_ms   bigint,
    after_key_no  bigint,
    after_version integer,
    -- The newest epoch that is no later than the position: a consumer that was away reads epoch by epoch.
    epoch         bigint      NOT NULL,
    -- Counts changes, so that of two processes that read as one consumer the second notices.
    version       bigint      NOT NULL DEFAULT 1,
    -- How many messages were delivered, repetitions included, and when the last of them.
    messages      bigint      NOT NULL DEFAULT 0,
    acked_at_ms   bigint      NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    CHECK (num_nulls(snapshot, after_id) IN (0, 2)),
    CHECK (num_nulls(after_at_ms, after_key_no, after_version) IN (0, 3)),
    CHECK (snapshot IS NOT NULL OR after_at_ms IS NULL)
-- Room on the page for the next versions of a row: its updates move no index entry.
) WITH (fillfactor = 10);

CREATE TRIGGER stays BEFORE UPDATE OR TRUNCATE ON shop.outbox EXECUTE FUNCTION shop.refuse();
