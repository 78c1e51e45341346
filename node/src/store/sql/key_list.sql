-- A page of a batch's keys after the number $2, each with its newest event and the order that it was sold with: those in
-- the state $5, and the last that was looked at. Stops at either bound: $3 keys looked at, $4 rows.
SELECT no, key_id, batch_id, state, version, at_ms, order_id, matches, looked, looked = $3 AS is_bound
FROM (
    SELECT *, $5::smallint IS NULL OR state = $5 AS matches
    FROM (
        SELECT k.no, k.key_id, k.batch_id, row_number() OVER (ORDER BY k.no) AS looked,
               CASE k.state WHEN 2 THEN coalesce(s.kind, k.state) ELSE k.state END AS state,
               CASE k.state WHEN 2 THEN coalesce(s.version, k.version) ELSE k.version END AS version,
               CASE k.state WHEN 2 THEN coalesce(s.at_ms, k.head_at_ms) ELSE k.head_at_ms END AS at_ms,
               s.order_id
        FROM (SELECT * FROM shop.keys WHERE batch_id = $1 AND no > $2 ORDER BY no LIMIT $3::bigint) k
        LEFT JOIN attest.events s ON s.key_no = k.no AND s.kind = 3
    ) k
) k
WHERE matches OR looked = $3
ORDER BY no
LIMIT $4::bigint
