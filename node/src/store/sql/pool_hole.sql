-- A key between cursor and tail was voided: its slot stays, and nobody is sold it.
UPDATE shop.pools SET holes = holes + 1 WHERE id = $1
