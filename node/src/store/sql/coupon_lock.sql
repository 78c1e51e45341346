-- Locks the coupons of a batch of orders, after its pools and wallets. Those of $1 are waited for, by id; those of $2
-- come last, and are skipped if another transaction has locked them. Returns the ids that are locked.
WITH waited AS MATERIALIZED (
    SELECT id FROM shop.coupons WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
), free AS MATERIALIZED (
    SELECT id FROM shop.coupons
    WHERE id = ANY ($2::uuid[]) AND (SELECT count(*) FROM waited) >= 0
    FOR NO KEY UPDATE SKIP LOCKED
)
SELECT id FROM waited UNION ALL SELECT id FROM free
