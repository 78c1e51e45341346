-- Locks the rows that a batch of orders needs: pools by id, then credit wallets by id, then revenue wallets by id.
-- The rows of the products $1 and the accounts $2 are waited for. Those of $3 and $4 come last and are skipped if
-- another transaction has locked them: a transaction that does not wait cannot cause a deadlock, whatever locks it
-- holds. Each step depends on the result of the one before, so that the server completes that one first. Returns the
-- ids that are locked.
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
