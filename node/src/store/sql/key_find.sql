SELECT no, key_id, state, version, head, head_at_ms, prev, payload, pool_id, slot, batch_id
FROM shop.key_heads WHERE key_id = $1
