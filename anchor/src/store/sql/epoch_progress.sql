-- The last final epoch and the newest one, 0 for none; when the newest was cut; the snapshot after which events wait, and whether the
-- newest left events of its own snapshot.
SELECT
    coalesce((SELECT max(number) FROM attest.epochs WHERE final_at_ms IS NOT NULL), 0),
    coalesce(last.number, 0),
    last.cut_at_ms,
    coalesce(CASE WHEN last.upto_key IS NULL THEN last.snapshot ELSE last.since END, '1:1:'::pg_snapshot)::text,
    last.upto_key IS NOT NULL
FROM (SELECT) AS always LEFT JOIN LATERAL (SELECT * FROM attest.epochs ORDER BY number DESC LIMIT 1) AS last ON true
