UPDATE shop.batches
SET lines = $2, imported = imported + $3, refused = refused + $4, is_complete = $5
WHERE id = $1
RETURNING lines, imported, refused, is_complete
