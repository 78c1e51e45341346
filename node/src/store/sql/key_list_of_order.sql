-- A page of the keys of the order $7, after batch $1 and number $2, otherwise as `key_list`. An order has at most a
-- hundred.
SELECT k.no, k.key_id, k.batch_id, k.state, k.version, k.at_ms, k.order_id,
       true AS matches, 0::bigint AS looked, false AS is_bound
FROM shop.orders o CROSS JOIN unnest(o.keys) item (no) JOIN shop.listed_keys k ON k.no = item.no
WHERE o.id = $7
  AND (k.batch_id, k.no) > ($1::uuid, $2::bigint)
  AND ($4::smallint IS NULL OR k.state = $4)
  AND ($5::uuid IS NULL OR k.batch_id = $5)
  AND ($6::uuid IS NULL OR k.product_id = $6)
ORDER BY k.batch_id, k.no
LIMIT $3::bigint
