-- How many keys of each locked pool are held.
SELECT pool_id, sum(end_slot - first_slot)::bigint FROM shop.holds
WHERE pool_id = ANY ($1::integer[]) AND state = 'held' GROUP BY pool_id
