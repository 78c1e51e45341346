-- The pools and credit wallets by which a batch of orders is decided. This is a separate statement after the locks: the
-- snapshot of a statement that waited for a lock is older than the lock, and could show an earlier price, cursor or
-- balance. Pools come first, then the wallets that pay.
SELECT true AS is_pool, st.pool_id::bigint AS id, s.product_id AS owner, s.id AS sku_id, st.cursor, st.cursor_holes,
       st.tail, st.holes, r.name, s.price_minor AS minor, s.currency, r.on_sale, w.id AS revenue_wallet,
       s.tier_quantities, s.tier_prices_minor, s.order_max, s.buyer_max, s.buyer_per, s.low_stock, s.policy
FROM shop.skus s
JOIN shop.products r ON r.id = s.product_id
JOIN shop.pools p ON p.sku_id = s.id AND p.owner_account IS NULL
JOIN shop.stock st ON st.pool_id = p.id
JOIN shop.wallets w ON w.product_id = s.product_id AND w.kind = 'revenue'
WHERE s.product_id = ANY ($1::uuid[])
UNION ALL
SELECT false, wallet_id, account_id, NULL, NULL, NULL, NULL, NULL, NULL, balance_minor, currency, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM shop.balances
WHERE account_id = ANY ($2::uuid[]) AND kind = 'credit'
