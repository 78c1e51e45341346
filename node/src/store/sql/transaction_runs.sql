-- Whether a transaction is still under way. One that the server has forgotten ended long ago.
SELECT coalesce(pg_xact_status($1::text::xid8) = 'in progress', false)
