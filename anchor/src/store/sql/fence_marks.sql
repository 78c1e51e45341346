-- The newest epoch with roots, 0 for none; the server's next transaction; the least that it must be, by the newest
-- epoch's snapshot (no later one is behind it) and by the last transaction that wrote an event; whether the server is a standby.
SELECT
    coalesce((SELECT max(number) FROM attest.epochs WHERE hash IS NOT NULL), 0),
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
    greatest(
        coalesce((SELECT pg_snapshot_xmax(snapshot)::text::bigint FROM attest.epochs ORDER BY number DESC LIMIT 1), 0),
        coalesce((SELECT xid::text::bigint + 1 FROM attest.events ORDER BY xid DESC LIMIT 1), 0)
    ),
    pg_is_in_recovery()
