SELECT 'batch ' || b.id AS subject,
       format('it says %s keys, has %s, and %s came in again with other batches', b.imported, coalesce(k.count, 0),
              coalesce(m.count, 0)) AS detail
FROM shop.batches b
LEFT JOIN (SELECT batch_id, count(*) FROM shop.keys GROUP BY batch_id) k ON k.batch_id = b.id
LEFT JOIN (SELECT from_batch, count(*) FROM shop.moved_keys GROUP BY from_batch) m ON m.from_batch = b.id
WHERE b.imported <> coalesce(k.count, 0) + coalesce(m.count, 0)
LIMIT $1
