UPDATE shop.repayments SET state = 'done', done_at_ms = $2, answer = coalesce(left($3, 500), answer)
WHERE id = $1 AND state <> 'done'
