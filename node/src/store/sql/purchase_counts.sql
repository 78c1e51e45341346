-- How many units each account bought of each SKU in the period: one look-up each, at the end of the row's chain.
SELECT want.sku_id, want.account_id, newest.units_after
FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS want (sku_id, account_id, period)
CROSS JOIN LATERAL (
    SELECT units_after FROM shop.limited_purchases p
    WHERE p.sku_id = want.sku_id AND p.account_id = want.account_id AND p.period = want.period
    ORDER BY units_after DESC
    LIMIT 1
) newest
