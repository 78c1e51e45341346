-- Which of these orders were placed before, and the clock and settings of the server and the session. Returns at
-- least one row, with NULL as its order if none was placed. Each transaction reads the settings again, because behind
-- a pooler its session may be one that has other settings.
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
       current_setting('synchronous_commit') <> 'off',
       current_setting('synchronous_standby_names') <> '',
       o.id, o.fingerprint
FROM (SELECT) AS always
LEFT JOIN shop.orders o ON o.id = ANY ($1::uuid[])
