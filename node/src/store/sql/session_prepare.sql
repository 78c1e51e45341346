-- Plans for arrays of any length are made once, and always by index: a plan made while a table was empty must not read
-- the whole of it later, and none is compiled for rows that were only estimated. Statements and forgotten transactions
-- give up; a batch that waits for a lock gives up soon, for its neighbours' sake. A commit is answered when it is on
-- disk, even where the server's own default is laxer.
SELECT set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('jit', 'off', false),
       set_config('enable_seqscan', 'off', false),
       set_config('enable_bitmapscan', 'off', false),
       set_config('enable_hashjoin', 'off', false),
       set_config('enable_mergejoin', 'off', false),
       set_config('lock_timeout', $1, false),
       set_config('statement_timeout', '10s', false),
       set_config('idle_in_transaction_session_timeout', '15s', false),
       set_config('synchronous_commit',
                  coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), false)
