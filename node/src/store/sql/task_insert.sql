-- A task that no process has seen before: due at once.
INSERT INTO shop.tasks (name, period_ms, due_at_ms, is_nudged, runs, failures)
VALUES ($1, 0, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, false, 0, 0)
ON CONFLICT (name) DO NOTHING
