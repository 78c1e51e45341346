UPDATE shop.skus
SET version = version + 1, price_minor = $3, tier_quantities = $4, tier_prices_minor = $5, order_max = $6,
    buyer_max = $7, buyer_per = $8, low_stock = $9, policy = $10
WHERE id = $1 AND version = $2
