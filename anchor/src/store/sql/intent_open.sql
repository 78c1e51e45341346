-- Open intents, oldest first, each with its variants: one row a variant, and one with NULLs for an intent that has
-- none.
SELECT i.id, i.purpose, i.epoch, i.chain_id, i.sender, i.target, i.call_data, i.deadline_s, i.max_fee_wei,
       i.created_at_ms, i.nonce, i.outcome, i.block, i.block_time_s, i.closed_at_ms,
       v.number AS variant, v.gas_limit, v.max_fee_wei AS variant_max_fee_wei, v.priority_fee_wei, v.hash, v.raw,
       v.signed_at_ms
FROM attest.intents i LEFT JOIN attest.variants v ON v.intent = i.id
WHERE i.outcome IS NULL
ORDER BY i.id, v.number
