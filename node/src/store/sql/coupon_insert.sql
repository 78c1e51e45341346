-- The products $13 are there, or the whole is refused.
WITH made AS (
    INSERT INTO shop.coupons (id, code, amount_minor, percent, currency, minimum_minor, starts_at_ms, ends_at_ms,
                              ended_at_ms, uses_max, account_uses_max, created_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    RETURNING id
)
INSERT INTO shop.coupon_products (coupon_id, product_id)
SELECT made.id, product_id FROM made, unnest($13::uuid[]) AS products (product_id)
