-- Which database this is: the server's start, the database and its table of epochs by their numbers, and whether the
-- server is a standby. Each is for everybody to read.
SELECT
    (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS started_at_us,
    (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database,
    coalesce(to_regclass('attest.epochs')::oid::bigint, 0) AS epochs,
    pg_is_in_recovery() AS is_standby
