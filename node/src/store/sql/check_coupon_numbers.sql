-- The uses of a coupon are numbered from 1 without a gap, and those of each account.
SELECT 'coupon ' || coupon_id AS subject,
       format('its newest use %s is number %s, and there are %s uses', whose, newest, uses) AS detail
FROM (
    SELECT coupon_id, 'of all' AS whose, max(number) AS newest, count(*) AS uses FROM shop.coupon_uses GROUP BY 1
    UNION ALL
    SELECT coupon_id, 'by account ' || account_id, max(account_number), count(*) FROM shop.coupon_uses GROUP BY 1, 2
) counted
WHERE newest <> uses
LIMIT $1
