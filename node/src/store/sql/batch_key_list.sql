-- The keys of a batch's file: those that it has, and those that moved to another batch after it was withdrawn. Both
-- by the index that begins with the batch.
SELECT k.no, k.key_id, k.state, g.line, NULL::uuid AS moved_to
FROM shop.key_heads k JOIN shop.goods g ON g.key_no = k.no
WHERE k.batch_id = $1 AND k.no > $2
UNION ALL
SELECT m.key_no, k.key_id, k.state, m.line, m.to_batch
FROM shop.moved_keys m JOIN shop.key_heads k ON k.no = m.key_no
WHERE m.from_batch = $1 AND m.key_no > $2
ORDER BY no
LIMIT $3
