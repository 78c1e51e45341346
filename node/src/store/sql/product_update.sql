UPDATE shop.products
SET name = coalesce($3, name), on_sale = coalesce($4, on_sale), category = CASE WHEN $5 THEN $6 ELSE category END,
    version = version + 1
WHERE id = $1 AND version = $2
