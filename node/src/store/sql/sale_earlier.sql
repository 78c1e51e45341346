-- The database's clock, Unix milliseconds, and which of these orders were placed before: at least one row.
SELECT clock.at_ms, o.id, o.fingerprint
FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at_ms) clock
LEFT JOIN shop.orders o ON o.id = ANY ($1::uuid[])
