-- Coupons with their uses, in all and by the account that wants to use one: the newest use has the highest number. A
-- statement of its own after the lock, as `sale_facts`.
SELECT c.id, c.code, c.amount_minor, c.percent, c.currency, c.minimum_minor, c.starts_at_ms, c.ends_at_ms, c.ended_at_ms,
       c.uses_max, c.account_uses_max, c.created_at_ms,
       ARRAY(SELECT product_id FROM shop.coupon_products p WHERE p.coupon_id = c.id ORDER BY product_id) AS products,
       coalesce((SELECT number FROM shop.coupon_uses u WHERE u.coupon_id = c.id ORDER BY number DESC LIMIT 1), 0) AS uses,
       want.account_id,
       coalesce((
           SELECT account_number FROM shop.coupon_uses u
           WHERE u.coupon_id = c.id AND u.account_id = want.account_id
           ORDER BY account_number DESC
           LIMIT 1
       ), 0) AS account_uses
FROM unnest($1::uuid[], $2::uuid[]) AS want (coupon_id, account_id)
JOIN shop.coupons c ON c.id = want.coupon_id
