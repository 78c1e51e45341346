-- A page of batches after the id $1, oldest first: those that match, and the last that was looked at. Stops at either
-- bound: $2 batches looked at, $3 rows. $4 to $7: product, supplier, state, and a part of the name.
SELECT id, product_id, name, supplier, lines, imported, refused, activated, unwrapped, cleaned, returned, is_complete,
       created_at_ms, withdrawn_at_ms, matches, looked, looked = $2 AS is_bound
FROM (
    SELECT b.*, s.product_id, row_number() OVER (ORDER BY b.id) AS looked,
           ($4::uuid IS NULL OR s.product_id = $4)
               AND ($5::text IS NULL OR b.supplier = $5)
               AND ($6::text IS NULL OR $6 = CASE
                    WHEN b.withdrawn_at_ms IS NOT NULL THEN 'withdrawn'
                    WHEN b.is_complete THEN 'complete'
                    ELSE 'incomplete' END)
               AND ($7::text IS NULL OR position(lower($7) IN lower(b.name)) > 0)
               AS matches
    FROM (SELECT * FROM shop.batches WHERE id > $1 ORDER BY id LIMIT $2::bigint) b
    JOIN shop.skus s ON s.id = b.sku_id
) b
WHERE matches OR looked = $2
ORDER BY id
LIMIT $3::bigint
