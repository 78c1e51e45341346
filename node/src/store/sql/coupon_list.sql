-- A page of the coupons by their codes, after the code $1.
SELECT c.id, c.code, c.amount_minor, c.percent, c.currency, c.minimum_minor, c.starts_at_ms, c.ends_at_ms, c.ended_at_ms,
       c.uses_max, c.account_uses_max, c.created_at_ms,
       ARRAY(SELECT product_id FROM shop.coupon_products p WHERE p.coupon_id = c.id ORDER BY product_id) AS products,
       coalesce((SELECT number FROM shop.coupon_uses u WHERE u.coupon_id = c.id ORDER BY number DESC LIMIT 1), 0) AS uses
FROM shop.coupons c
WHERE c.code > coalesce($1, '')
ORDER BY c.code
LIMIT $2
