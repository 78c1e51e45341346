-- A page of the keys whose ids lie from $8 to $9, after batch $1 and number $2, otherwise as `key_list`. The range is
-- narrow: of ids, which are spread evenly, few share so much of their beginning.
SELECT k.no, k.key_id, k.batch_id, k.state, k.version, k.at_ms, k.order_id,
       true AS matches, 0::bigint AS looked, false AS is_bound
FROM shop.listed_keys k
WHERE k.key_id BETWEEN $8 AND $9
  AND (k.batch_id, k.no) > ($1::uuid, $2::bigint)
  AND ($4::smallint IS NULL OR k.state = $4)
  AND ($5::uuid IS NULL OR k.batch_id = $5)
  AND ($6::uuid IS NULL OR k.product_id = $6)
  AND ($7::uuid IS NULL OR k.order_id = $7)
ORDER BY k.batch_id, k.no
LIMIT $3::bigint
