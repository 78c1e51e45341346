-- The final block of an epoch that the history map holds. Nothing where it is stored already.
UPDATE attest.epochs SET block = $3, anchored_at_s = $4, final_at_ms = $5
WHERE number = $1 AND hash = $2 AND final_at_ms IS NULL
