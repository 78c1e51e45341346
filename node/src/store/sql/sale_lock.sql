-- Locks what a batch of orders takes from and pays with: pools by id, then credit wallets by id, then revenue wallets by id.
-- Those of the products $1 and the accounts $2 are waited for. Those of $3 and $4 follow, and are left out where somebody else
-- has locked them: whoever holds locks already may try for any other, as long as it does not wait. Each step has a condition on
-- the one before, which makes the server end that first. Answers the ids that are locked now.
WITH pools AS MATERIALIZED (
    SELECT p.id
    FROM shop.skus s
    JOIN shop.pools p ON p.sku_id = s.id AND p.owner_account IS NULL
    WHERE s.product_id = ANY ($1::uuid[])
    ORDER BY p.id
    FOR NO KEY UPDATE OF p
), credits AS MATERIALIZED (
    SELECT id FROM shop.wallets
    WHERE account_id = ANY ($2::uuid[]) AND kind = 'credit' AND (SELECT count(*) FROM pools) >= 0
    ORDER BY id
    FOR NO KEY UPDATE
), revenues AS MATERIALIZED (
    SELECT id FROM shop.wallets
    WHERE product_id = ANY ($1::uuid[]) AND kind = 'revenue' AND (SELECT count(*) FROM credits) >= 0
    ORDER BY id
    FOR NO KEY UPDATE
), free_pools AS MATERIALIZED (
    SELECT p.id
    FROM shop.skus s
    JOIN shop.pools p ON p.sku_id = s.id AND p.owner_account IS NULL
    WHERE s.product_id = ANY ($3::uuid[]) AND (SELECT count(*) FROM revenues) >= 0
    FOR NO KEY UPDATE OF p SKIP LOCKED
), free_credits AS MATERIALIZED (
    SELECT id FROM shop.wallets
    WHERE account_id = ANY ($4::uuid[]) AND kind = 'credit' AND (SELECT count(*) FROM free_pools) >= 0
    FOR NO KEY UPDATE SKIP LOCKED
), free_revenues AS MATERIALIZED (
    SELECT id FROM shop.wallets
    WHERE product_id = ANY ($3::uuid[]) AND kind = 'revenue' AND (SELECT count(*) FROM free_credits) >= 0
    FOR NO KEY UPDATE SKIP LOCKED
)
SELECT ARRAY (SELECT id FROM pools UNION ALL SELECT id FROM free_pools),
       ARRAY (SELECT id FROM credits UNION ALL SELECT id FROM revenues
              UNION ALL SELECT id FROM free_credits UNION ALL SELECT id FROM free_revenues)
