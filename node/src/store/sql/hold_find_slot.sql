-- The hold that keeps a slot. Ranges of a pool do not overlap: there is at most one.
SELECT id, owner_kind, owner_id, owner_line, expires_at_ms
FROM shop.holds
WHERE pool_id = $1 AND state = 'held' AND first_slot <= $2 AND $2 < end_slot
