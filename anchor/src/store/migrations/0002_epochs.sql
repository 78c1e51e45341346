-- The one merchant of this database, written when a shop is first opened on it. Programs that are configured for
-- another merchant refuse to work on it.
CREATE TABLE attest.merchant (
    is_only        boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    chain_id       bigint NOT NULL CHECK (chain_id > 0),
    registry       bytea  NOT NULL CHECK (octet_length(registry) = 20),
    merchant_id    bytea  NOT NULL CHECK (octet_length(merchant_id) = 32),
    vrf_public_key bytea  NOT NULL CHECK (octet_length(vrf_public_key) = 32)
);
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON attest.merchant EXECUTE FUNCTION attest.refuse();

-- Epochs: which events each one holds, what it commits to, and the final block that holds it. A row gains what it lacks
-- and never changes otherwise: after a crash the next program goes on from where it is.
CREATE TABLE attest.epochs (
    number        bigint      PRIMARY KEY CHECK (number > 0),
    -- The hash of the previous epoch; 32 zero bytes for the first.
    parent        bytea       NOT NULL CHECK (octet_length(parent) = 32),
    before        bigint      GENERATED ALWAYS AS (nullif(number - 1, 0)) STORED,
    -- Its events are those visible in `snapshot` and not in `since`, by the transaction that wrote them …
    since         pg_snapshot NOT NULL,
    snapshot      pg_snapshot NOT NULL,
    -- … and, where those are too many for one epoch, only the ones after one (key id, version) and up to another.
    after_key     bytea,
    after_version integer,
    upto_key      bytea,
    upto_version  integer,
    cut_at_ms     bigint      NOT NULL,
    -- The first deadline among its receipts, Unix seconds; NULL where it has none.
    anchor_by_s   bigint,
    -- Set once the data file is on the disk.
    events_root   bytea       CHECK (octet_length(events_root) = 32),
    history_root  bytea       CHECK (octet_length(history_root) = 32),
    event_count   bigint      CHECK (event_count BETWEEN 1 AND 1048576),
    data_hash     bytea       CHECK (octet_length(data_hash) = 32),
    hash          bytea       CHECK (octet_length(hash) = 32),
    -- The latest time of its events, Unix milliseconds.
    newest_at_ms  bigint      CHECK (newest_at_ms >= 0),
    roots_at_ms   bigint,
    -- Set once the history map holds it.
    block         bigint,
    anchored_at_s bigint,
    final_at_ms   bigint,
    CONSTRAINT epochs_link UNIQUE (number, hash),
    FOREIGN KEY (before, parent) REFERENCES attest.epochs (number, hash),
    CHECK (number > 1 OR parent = decode(repeat('00', 32), 'hex')),
    CHECK ((after_key IS NULL) = (after_version IS NULL) AND (upto_key IS NULL) = (upto_version IS NULL)),
    CHECK (num_nulls(events_root, history_root, event_count, data_hash, hash, newest_at_ms, roots_at_ms) IN (0, 7)),
    CHECK (num_nulls(block, anchored_at_s, final_at_ms) IN (0, 3)),
    CHECK (final_at_ms IS NULL OR hash IS NOT NULL)
);

-- The snapshot up to which final epochs hold every event: that of the newest final epoch which left nothing to the next.
CREATE VIEW attest.final_snapshot AS
SELECT snapshot FROM attest.epochs WHERE final_at_ms IS NOT NULL AND upto_key IS NULL ORDER BY number DESC LIMIT 1;

-- The status of the working anchor, in one row that is updated every few seconds.
CREATE TABLE attest.anchor (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    -- The account that anchors.
    signer  bytea   NOT NULL CHECK (octet_length(signer) = 20),
    -- As `/v1/status` shows it.
    status  jsonb   NOT NULL,
    at_ms   bigint  NOT NULL
) WITH (fillfactor = 10);

CREATE FUNCTION attest.keep_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.number, NEW.parent, NEW.since::text, NEW.snapshot::text, NEW.after_key, NEW.after_version, NEW.upto_key,
        NEW.upto_version, NEW.cut_at_ms, NEW.anchor_by_s)
        IS DISTINCT FROM
        (OLD.number, OLD.parent, OLD.since::text, OLD.snapshot::text, OLD.after_key, OLD.after_version, OLD.upto_key,
        OLD.upto_version, OLD.cut_at_ms, OLD.anchor_by_s)
        OR OLD.hash IS NOT NULL AND
            (NEW.events_root, NEW.history_root, NEW.event_count, NEW.data_hash, NEW.hash, NEW.newest_at_ms,
            NEW.roots_at_ms)
            IS DISTINCT FROM
            (OLD.events_root, OLD.history_root, OLD.event_count, OLD.data_hash, OLD.hash, OLD.newest_at_ms,
            OLD.roots_at_ms)
        OR OLD.final_at_ms IS NOT NULL AND (NEW.block, NEW.anchored_at_s, NEW.final_at_ms)
            IS DISTINCT FROM (OLD.block, OLD.anchored_at_s, OLD.final_at_ms)
    THEN
        RAISE EXCEPTION 'epoch % is not to be changed', OLD.number;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keeps BEFORE UPDATE ON attest.epochs FOR EACH ROW EXECUTE FUNCTION attest.keep_epoch();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON attest.epochs EXECUTE FUNCTION attest.refuse();
