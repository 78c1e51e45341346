UPDATE shop.batches
SET lines = $2, imported = imported + $3, refused = refused + $4, unwrapped = unwrapped + $5, cleaned = cleaned + $6,
    returned = returned + $7, is_complete = $8
WHERE id = $1
RETURNING lines, imported, refused, unwrapped, cleaned, returned, is_complete,
          withdrawn_at_ms IS NOT NULL AS is_withdrawn
