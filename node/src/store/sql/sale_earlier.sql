-- Which of these orders were placed before, and what the session and the server are: at least one row. Behind a pooler the
-- session may be somebody else's, with other settings, so each transaction looks itself.
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
       current_setting('synchronous_commit') <> 'off',
       current_setting('synchronous_standby_names') <> '',
       o.id, o.fingerprint
FROM (SELECT) AS always
LEFT JOIN shop.orders o ON o.id = ANY ($1::uuid[])
