-- Waiting for a lock ends; what is acknowledged is on the disk, even where the server's default is laxer; a whole epoch
-- is aggregated in memory; and the server ends a session whose machine has gone, so that its lock is free.
SELECT set_config('lock_timeout', '10s', false),
       set_config('statement_timeout', '30min', false),
       set_config('idle_in_transaction_session_timeout', '60s', false),
       set_config('work_mem', '64MB', false),
       set_config('tcp_keepalives_idle', '10', false),
       set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false),
       set_config('synchronous_commit',
                  CASE current_setting('synchronous_commit')
                      WHEN 'off' THEN 'on'
                      ELSE current_setting('synchronous_commit')
                  END,
                  false)
