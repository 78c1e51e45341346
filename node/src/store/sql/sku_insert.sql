INSERT INTO shop.skus (id, product_id, currency, kind, policy, version, price_minor, tier_quantities, tier_prices_minor,
                       order_max, buyer_max, buyer_per, low_stock)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
