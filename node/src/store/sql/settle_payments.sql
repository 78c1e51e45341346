-- Payments $1 that batch $3 takes, with the gateways' numbers $2. Returns how many had not been received before.
WITH received AS (
    UPDATE shop.payments p
    SET state = 'received', trade_no = u.trade_no, batch_id = $3::bigint, received_at_ms = $4::bigint
    FROM unnest($1::uuid[], $2::text[]) AS u (id, trade_no)
    WHERE p.id = u.id AND p.state <> 'received'
    RETURNING p.id
)
SELECT count(*) FROM received
