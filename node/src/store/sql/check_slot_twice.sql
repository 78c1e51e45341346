SELECT format('pool %s, slot %s', pool_id, slot) AS subject,
       format('%s keys are in it: %s', count(*), string_agg(no::text, ', ' ORDER BY no)) AS detail
FROM shop.keys WHERE slot IS NOT NULL GROUP BY pool_id, slot HAVING count(*) > 1 LIMIT $1
