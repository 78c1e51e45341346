-- Takes idempotency rows, in the order given (sorted, so that two batches cannot wait for each other in a circle).
-- A row that another transaction is about to write is waited for; one that is there already is left out.
INSERT INTO shop.idempotency (account_id, key, fingerprint, order_id)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[])
ON CONFLICT DO NOTHING
RETURNING order_id, pg_current_xact_id()::text, (extract(epoch FROM clock_timestamp()) * 1000)::bigint
