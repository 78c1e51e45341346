-- Calls that a program of this merchant wants in a final block, each with its purpose. A row gains its nonce with the
-- first signature and its outcome in the end, and never changes otherwise: after a crash the next program finds how far
-- it came.
CREATE TABLE attest.intents (
    id            bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purpose       text    NOT NULL CHECK (purpose IN (
        'anchor_epoch', 'deploy', 'register', 'set_anchorer', 'add_receipt_signer', 'end_receipt_signer',
        'set_data_uri')),
    epoch         bigint  REFERENCES attest.epochs,
    chain_id      bigint  NOT NULL CHECK (chain_id > 0),
    -- Signs and pays.
    sender        bytea   NOT NULL CHECK (octet_length(sender) = 20),
    -- The contract that is called; NULL creates one.
    target        bytea   CHECK (octet_length(target) = 20),
    call_data     bytea   NOT NULL,
    -- By when a block should hold it, Unix seconds; NULL where nothing depends on that.
    deadline_s    bigint,
    -- The most that is offered for a unit of gas, wei; NULL leaves it to the node's estimate.
    max_fee_wei   bigint  CHECK (max_fee_wei > 0),
    created_at_ms bigint  NOT NULL,
    -- All variants have this one, so that at most one of them is ever in a block.
    nonce         bigint  CHECK (nonce >= 0),
    -- final: a final block holds its effect. failed: the chain can take none of its variants any more. superseded:
    -- another intent of the same purpose took its place.
    outcome       text    CHECK (outcome IN ('final', 'failed', 'superseded')),
    -- The final block and its time, Unix seconds.
    block         bigint,
    block_time_s  bigint,
    closed_at_ms  bigint,
    CHECK ((purpose = 'anchor_epoch') = (epoch IS NOT NULL)),
    CHECK ((outcome IS NULL) = (closed_at_ms IS NULL)),
    CHECK (num_nulls(block, block_time_s) = CASE outcome WHEN 'final' THEN 0 ELSE 2 END)
);
-- One intent for an epoch, whoever signs; of the other purposes one for each account on each chain.
CREATE UNIQUE INDEX intents_open_purpose ON attest.intents
    (purpose, epoch, (CASE WHEN epoch IS NULL THEN chain_id END), (CASE WHEN epoch IS NULL THEN sender END))
    NULLS NOT DISTINCT WHERE outcome IS NULL;
CREATE UNIQUE INDEX intents_open_nonce ON attest.intents (chain_id, sender, nonce) WHERE outcome IS NULL;
CREATE INDEX intents_by_epoch ON attest.intents (epoch, id) WHERE epoch IS NOT NULL;

-- The signed transactions of an intent, each stored before it is sent: after a crash the very same bytes are sent
-- again.
CREATE TABLE attest.variants (
    intent           bigint  NOT NULL REFERENCES attest.intents,
    number           integer NOT NULL CHECK (number > 0),
    gas_limit        bigint  NOT NULL CHECK (gas_limit > 0),
    max_fee_wei      bigint  NOT NULL CHECK (max_fee_wei >= 0),
    priority_fee_wei bigint  NOT NULL CHECK (priority_fee_wei BETWEEN 0 AND max_fee_wei),
    hash             bytea   NOT NULL CONSTRAINT variants_hash UNIQUE CHECK (octet_length(hash) = 32),
    -- As it is sent.
    raw              bytea   NOT NULL,
    signed_at_ms     bigint  NOT NULL,
    PRIMARY KEY (intent, number)
);

CREATE FUNCTION attest.keep_intent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.purpose, NEW.epoch, NEW.chain_id, NEW.sender, NEW.target, NEW.call_data, NEW.deadline_s,
        NEW.max_fee_wei, NEW.created_at_ms)
        IS DISTINCT FROM
        (OLD.id, OLD.purpose, OLD.epoch, OLD.chain_id, OLD.sender, OLD.target, OLD.call_data, OLD.deadline_s,
        OLD.max_fee_wei, OLD.created_at_ms)
        OR OLD.nonce IS NOT NULL AND NEW.nonce IS DISTINCT FROM OLD.nonce
        OR OLD.outcome IS NOT NULL AND (NEW.nonce, NEW.outcome, NEW.block, NEW.block_time_s, NEW.closed_at_ms)
            IS DISTINCT FROM (OLD.nonce, OLD.outcome, OLD.block, OLD.block_time_s, OLD.closed_at_ms)
    THEN
        RAISE EXCEPTION 'intent % is not to be changed', OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keeps BEFORE UPDATE ON attest.intents FOR EACH ROW EXECUTE FUNCTION attest.keep_intent();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON attest.intents EXECUTE FUNCTION attest.refuse();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON attest.variants EXECUTE FUNCTION attest.refuse();
