-- The epoch of a number.
SELECT number, parent, cut_at_ms, anchor_by_s, events_root, history_root, event_count, data_hash, hash,
       newest_at_ms, block, anchored_at_s, final_at_ms
FROM attest.epochs WHERE number = $1
