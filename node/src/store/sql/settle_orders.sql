-- Moves orders on from the versions that were seen, with the keys $5 that batch $6 delivers, if it does. Returns how many.
WITH moved AS (
    UPDATE shop.orders o
    SET state = u.state, version = u.version, lines = u.lines::shop.order_line[],
        keys = CASE WHEN u.keys = '{}' THEN o.keys ELSE u.keys::bigint[] END,
        delivered_by = CASE WHEN u.keys = '{}' THEN o.delivered_by ELSE $6::bigint END
    FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::text[]) AS u (id, state, version, lines, keys)
    WHERE o.id = u.id AND o.version = u.version - 1
    RETURNING o.id
)
SELECT count(*) FROM moved
