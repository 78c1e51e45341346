-- A consumer that reads from the start ($2), or from now on. Nothing where there is one of that name.
INSERT INTO shop.consumers (name, since, epoch)
SELECT $1, CASE WHEN $2 THEN '1:1:'::pg_snapshot ELSE pg_current_snapshot() END,
    CASE WHEN $2 THEN 0 ELSE coalesce((SELECT max(number) FROM attest.epochs), 0) END
ON CONFLICT (name) DO NOTHING
