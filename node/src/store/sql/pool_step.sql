-- Takes the voided slots that a locked pool's cursor stands at, up to the next key that can be sold: no sale walks over
-- them again. A key from the cursor on is not sold, so that its state 2 means that it is for sale.
INSERT INTO shop.takes (pool_id, first_slot, end_slot, first_holes, end_holes)
SELECT st.pool_id, st.cursor, next.slot, st.cursor_holes, st.cursor_holes + next.slot - st.cursor
FROM shop.stock st
CROSS JOIN LATERAL (
    SELECT coalesce(min(k.slot), st.tail) AS slot
    FROM (
        SELECT slot FROM shop.keys WHERE pool_id = st.pool_id AND slot >= st.cursor AND state = 2 ORDER BY slot LIMIT 1
    ) k
) next
WHERE st.pool_id = $1 AND next.slot > st.cursor
