-- A task after one step of a run.
UPDATE shop.tasks
SET period_ms = $2, due_at_ms = $3, is_nudged = $4, runs = $5, failures = $6,
    runner = $7, started_at_ms = $8, until_ms = $9,
    last_runner = $10, last_started_ms = $11, last_ended_ms = $12, outcome = $13, details = $14::text::jsonb
WHERE name = $1
