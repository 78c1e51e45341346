INSERT INTO shop.refused_lines (batch_id, line, reason, detail)
SELECT $1, line, reason, detail
FROM unnest($2::bigint[], $3::text[], $4::text[]) AS new (line, reason, detail)
