-- How many unpaid orders there are of each guest $1, and from each address $2; of the addresses also how many keys are held
-- for those.
SELECT true AS is_guest, guest AS scope, count(*), 0::bigint FROM shop.orders
WHERE guest = ANY ($1::bytea[]) AND state = 'awaiting_payment' GROUP BY guest
UNION ALL
SELECT false, o.address, count(*), coalesce(sum(h.keys), 0)::bigint
FROM shop.orders o CROSS JOIN LATERAL (
    SELECT sum(end_slot - first_slot) AS keys FROM shop.holds
    WHERE owner_id = o.id AND owner_kind = 'order_line' AND state = 'held'
) h
WHERE o.address = ANY ($2::bytea[]) AND o.state = 'awaiting_payment' GROUP BY o.address
