-- All tasks, and the server's clock.
SELECT name, period_ms, due_at_ms, is_nudged, runs, failures, runner, started_at_ms, until_ms,
    last_runner, last_started_ms, last_ended_ms, outcome, details::text AS details,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms
FROM shop.tasks ORDER BY name
