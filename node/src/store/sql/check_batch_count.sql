SELECT 'batch ' || b.id AS subject, format('it says %s keys, and has %s', b.imported, coalesce(k.count, 0)) AS detail
FROM shop.batches b
LEFT JOIN (SELECT batch_id, count(*) FROM shop.keys GROUP BY batch_id) k ON k.batch_id = b.id
WHERE b.imported <> coalesce(k.count, 0)
LIMIT $1
