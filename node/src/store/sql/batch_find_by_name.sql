SELECT b.id, b.supplier, b.wrapped_key, b.master, b.source, b.lines, b.imported, b.refused, b.is_complete
FROM shop.batches b JOIN shop.skus s ON s.id = b.sku_id
WHERE s.product_id = $1 AND b.name = $2
