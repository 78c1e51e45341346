-- Ends what is held for orders, whose pools are locked: the keys get new slots at the tails. Returns how many keys.
WITH ended AS (
    UPDATE shop.holds SET state = 'released'
    WHERE owner_kind = 'order_line' AND owner_id = ANY ($1::uuid[]) AND state = 'held'
    RETURNING pool_id, first_slot, end_slot
), moved AS (
    SELECT k.no, k.pool_id, p.tail + row_number() OVER (PARTITION BY k.pool_id ORDER BY k.slot) - 1 AS slot
    FROM ended h
    JOIN shop.pools p ON p.id = h.pool_id
    -- A hold is of one line, which has 100 keys at most: the bound keeps the plan to the index of the slots.
    CROSS JOIN LATERAL (
        SELECT no, pool_id, slot FROM shop.keys
        WHERE pool_id = h.pool_id AND slot >= h.first_slot AND slot < h.end_slot
        ORDER BY slot
        LIMIT 100
    ) k
), placed AS (
    UPDATE shop.keys k SET slot = m.slot FROM moved m WHERE k.no = m.no
), grown AS (
    UPDATE shop.pools p SET tail = p.tail + n.keys
    FROM (SELECT pool_id, count(*) AS keys FROM moved GROUP BY pool_id) n
    WHERE p.id = n.pool_id
)
SELECT count(*) FROM moved
