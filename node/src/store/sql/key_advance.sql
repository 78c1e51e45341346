-- From the version that was seen to the next.
UPDATE shop.keys SET state = $2, version = $3, head = $4, head_at_ms = $5 WHERE no = $1 AND version = $3 - 1
