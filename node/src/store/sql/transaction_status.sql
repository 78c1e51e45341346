-- What became of a transaction whose commit was not answered: committed, aborted, in progress, or nothing if too old.
SELECT pg_xact_status($1::text::xid8)
