SELECT no, key_id, state, version, head, head_at_ms, pool_id, slot, batch_id FROM shop.keys WHERE key_id = $1
