SELECT 'key ' || key_no AS subject,
       format('it was sold %s times: %s', count(*), string_agg(order_id::text, ', ' ORDER BY order_id)) AS detail
FROM attest.events WHERE kind = 3 GROUP BY key_no HAVING count(*) > 1 LIMIT $1
