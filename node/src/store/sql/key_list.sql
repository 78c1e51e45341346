-- A page of a batch's keys after the number $2, each with its newest event and the order that it was sold with: those in
-- the state $5, and the last that was looked at. Stops at either bound: $3 keys looked at, $4 rows.
SELECT no, key_id, batch_id, state, version, at_ms, order_id, matches, looked, looked = $3 AS is_bound
FROM (
    SELECT k.*, page.looked, $5::smallint IS NULL OR k.state = $5 AS matches
    FROM (
        SELECT no, row_number() OVER (ORDER BY no) AS looked
        FROM shop.keys
        WHERE batch_id = $1 AND no > $2
        ORDER BY no
        LIMIT $3::bigint
    ) page
    JOIN shop.listed_keys k ON k.no = page.no
) k
WHERE matches OR looked = $3
ORDER BY no
LIMIT $4::bigint
