SELECT c.code FROM shop.coupon_uses u JOIN shop.coupons c ON c.id = u.coupon_id WHERE u.order_id = $1
