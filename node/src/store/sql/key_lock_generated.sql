SELECT no, key_id, version, head, head_at_ms
FROM shop.keys
WHERE batch_id = $1 AND no > $2 AND state = $3
ORDER BY no
LIMIT $4
FOR UPDATE
