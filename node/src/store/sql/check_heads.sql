SELECT no, key_id, state, version, head, head_at_ms FROM shop.keys WHERE no > $1 ORDER BY no LIMIT $2
