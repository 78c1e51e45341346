-- Waits for the batches that have locked the coupon: they use it still.
UPDATE shop.coupons SET ended_at_ms = $2 WHERE id = $1 AND ended_at_ms IS NULL
