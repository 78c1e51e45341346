INSERT INTO shop.coupon_uses (coupon_id, account_id, number, account_number, order_id, discount_minor)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::integer[], $5::uuid[], $6::bigint[])
