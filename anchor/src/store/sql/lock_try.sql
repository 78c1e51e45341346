-- The lock of the one anchor that works, held as long as this session; one database is one merchant's.
SELECT pg_try_advisory_lock($1)
