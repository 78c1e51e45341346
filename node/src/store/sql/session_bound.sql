-- What waits for a lock, runs for longer than $1, or forgets its transaction gives up. A commit is answered when it is on disk, even where the
-- server's own default is laxer.
SELECT set_config('default_transaction_isolation', 'read committed', false),
       set_config('lock_timeout', '10s', false),
       set_config('statement_timeout', $1, false),
       set_config('idle_in_transaction_session_timeout', '60s', false),
       set_config('synchronous_commit',
                  coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), false)
