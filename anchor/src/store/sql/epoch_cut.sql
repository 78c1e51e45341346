-- The next epoch: cut at this statement's snapshot or, where the last one left events of its own snapshot, at that one;
-- no row where there are no events. Of more than $1 events it takes the first $1 by (key id, version); the deadline is
-- the first of all of them.
WITH last AS (
    SELECT * FROM attest.epochs ORDER BY number DESC LIMIT 1
), cut AS (
    SELECT
        coalesce(last.number, 0) + 1 AS number,
        coalesce(last.hash, decode(repeat('00', 32), 'hex')) AS parent,
        CASE WHEN last.upto_key IS NULL THEN coalesce(last.snapshot, '1:1:'::pg_snapshot) ELSE last.since END AS since,
        CASE WHEN last.upto_key IS NULL THEN pg_current_snapshot() ELSE last.snapshot END AS snapshot,
        last.upto_key AS after_key,
        last.upto_version AS after_version
    FROM (SELECT) AS always LEFT JOIN last ON true
), found AS NOT MATERIALIZED (
    SELECT e.key_id, e.version, e.anchor_by_s
    FROM cut, attest.events e
    WHERE e.xid >= pg_snapshot_xmin(cut.since) AND e.xid < pg_snapshot_xmax(cut.snapshot)
        AND pg_visible_in_snapshot(e.xid, cut.snapshot) AND NOT pg_visible_in_snapshot(e.xid, cut.since)
        AND (cut.after_key IS NULL OR (e.key_id, e.version) > (cut.after_key, cut.after_version))
), counted AS (
    SELECT count(*) AS events, min(anchor_by_s) AS anchor_by_s FROM found
), bound AS (
    -- Read again and sorted only where more than $1 were found.
    SELECT key_id, version
    FROM found
    WHERE (SELECT events FROM counted) > $1
    ORDER BY key_id, version
    OFFSET $1 - 1 LIMIT 1
)
INSERT INTO attest.epochs (
    number, parent, since, snapshot, after_key, after_version, upto_key, upto_version, cut_at_ms, anchor_by_s)
SELECT
    cut.number, cut.parent, cut.since, cut.snapshot, cut.after_key, cut.after_version, bound.key_id, bound.version,
    $2, counted.anchor_by_s
FROM cut CROSS JOIN counted LEFT JOIN bound ON true
WHERE counted.events > 0
    -- On a server that counts transactions from an earlier number, the same events would get into two epochs.
    AND pg_snapshot_xmax(cut.snapshot) >= pg_snapshot_xmax(cut.since)
RETURNING number
