-- A page of the keys of the order $7, after batch $1 and number $2, otherwise as `key_list`. An order has at most a
-- hundred.
SELECT k.*, true AS matches, 0::bigint AS looked, false AS is_bound
FROM (
    SELECT k.no, k.key_id, k.batch_id,
           CASE k.state WHEN 2 THEN coalesce(s.kind, k.state) ELSE k.state END AS state,
           CASE k.state WHEN 2 THEN coalesce(s.version, k.version) ELSE k.version END AS version,
           CASE k.state WHEN 2 THEN coalesce(s.at_ms, k.head_at_ms) ELSE k.head_at_ms END AS at_ms,
           s.order_id
    FROM shop.orders o CROSS JOIN unnest(o.keys) item (no) JOIN shop.keys k ON k.no = item.no
    LEFT JOIN attest.events s ON s.key_no = k.no AND s.kind = 3
    WHERE o.id = $7
) k
JOIN shop.batches b ON b.id = k.batch_id
JOIN shop.skus u ON u.id = b.sku_id
WHERE (k.batch_id, k.no) > ($1::uuid, $2::bigint)
  AND ($4::smallint IS NULL OR k.state = $4)
  AND ($5::uuid IS NULL OR k.batch_id = $5)
  AND ($6::uuid IS NULL OR u.product_id = $6)
  AND ($7::uuid IS NULL OR k.order_id = $7)
ORDER BY k.batch_id, k.no
LIMIT $3::bigint
