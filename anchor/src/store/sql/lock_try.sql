-- One of the locks of the anchor that works, held as long as this session.
SELECT pg_try_advisory_lock($1)
