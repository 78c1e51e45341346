-- Background tasks: when each is due, which process runs it, and how its last run ended. One row a task, updated at
-- every step of a run; a process finds out from here whether it may run one.
CREATE TABLE shop.tasks (
    name             text    PRIMARY KEY,
    period_ms        bigint  NOT NULL,
    due_at_ms        bigint  NOT NULL,
    -- Nudged during the run under way: one more run follows it.
    is_nudged        boolean NOT NULL,
    runs             bigint  NOT NULL,
    failures         integer NOT NULL,
    -- The run under way, and until when its process holds it unless it renews the claim. Times are those of this
    -- server's clock.
    runner           text,
    started_at_ms    bigint,
    until_ms         bigint,
    -- The run before.
    last_runner      text,
    last_started_ms  bigint,
    last_ended_ms    bigint,
    outcome          text    CHECK (outcome IN ('done', 'failed', 'timed_out', 'panicked', 'lost')),
    details          jsonb,
    CHECK (num_nulls(runner, started_at_ms, until_ms) IN (0, 3)),
    CHECK (num_nulls(last_runner, last_started_ms, last_ended_ms, outcome, details) IN (0, 5))
-- Room on the page for the next versions of a row: its updates move no index entry.
) WITH (fillfactor = 10);
