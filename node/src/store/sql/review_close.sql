-- Closes a review that is open; whoever locked its order is alone with it.
UPDATE shop.reviews SET closed_at_ms = $2, decision = $3, decided_by = $4, note = $5 WHERE id = $1 AND closed_at_ms IS NULL
