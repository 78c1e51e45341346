-- What the gateway said of a pending repayment; with $3 a person pays it back.
UPDATE shop.repayments SET answer = left($2, 500), state = CASE WHEN $3 THEN 'by_hand' ELSE state END
WHERE id = $1 AND state = 'pending'
