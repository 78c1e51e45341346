-- Where an epoch stands on the chain, once it is final and in the history map. Nothing where that was said before.
UPDATE attest.epochs SET block = $3, anchored_at_s = $4, final_at_ms = $5 WHERE number = $1 AND hash = $2 AND final_at_ms IS NULL
