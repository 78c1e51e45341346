-- A key of a locked pool was voided: its slot stays, empty.
UPDATE shop.pools SET holes = holes + 1 WHERE id = $1
