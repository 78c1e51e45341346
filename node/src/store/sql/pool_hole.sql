-- A key between cursor and tail was voided: its slot stays.
UPDATE shop.pools SET holes = holes + 1 WHERE id = $1
