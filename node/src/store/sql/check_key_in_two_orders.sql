SELECT 'key ' || key_no AS subject,
       format('it is in %s sales: %s', count(*), string_agg(order_id::text, ', ' ORDER BY order_id)) AS detail
FROM shop.sales GROUP BY key_no HAVING count(*) > 1 LIMIT $1
