-- To the event that follows the newest one. The sale is not in the row, so that its version may be lower by two; of two
-- transactions that write the same version, the second is refused by the key of the events.
UPDATE shop.keys SET state = $2, version = $3, head = $4, head_at_ms = $5 WHERE no = $1 AND version < $3
