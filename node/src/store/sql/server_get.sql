SELECT current_setting('server_version_num')::integer AS version,
       pg_encoding_to_char(encoding)::text AS encoding,
       current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS is_durable,
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock_ms
FROM pg_database
WHERE datname = current_database()
