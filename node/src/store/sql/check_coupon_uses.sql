-- An order costs less than its lines by a use of a coupon, and by nothing else; a use belongs to an order that was not
-- refused, of its account.
SELECT 'order ' || coalesce(o.id, u.order_id) AS subject,
       CASE WHEN u.order_id IS NULL THEN format('it costs %s minor units less, by no coupon', o.discount_minor)
            WHEN o.id IS NULL THEN format('it used coupon %s, and is not an order of account %s that was sold',
                                          u.coupon_id, u.account_id)
            ELSE format('it costs %s minor units less, and by its use of coupon %s %s', o.discount_minor, u.coupon_id,
                        u.discount_minor) END AS detail
FROM (SELECT id, account_id, discount_minor FROM shop.orders WHERE state NOT IN ('refused', 'abnormal')) o
FULL JOIN shop.coupon_uses u ON u.order_id = o.id AND u.account_id = o.account_id
WHERE CASE WHEN u.order_id IS NULL THEN o.discount_minor > 0
           ELSE o.discount_minor IS DISTINCT FROM u.discount_minor END
LIMIT $1
