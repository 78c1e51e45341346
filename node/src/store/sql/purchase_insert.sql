INSERT INTO shop.limited_purchases (sku_id, account_id, period, units_before, units_after, order_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::integer[], $5::integer[], $6::uuid[])
