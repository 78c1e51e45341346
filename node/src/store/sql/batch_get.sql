SELECT b.id, s.product_id, b.name, b.supplier, b.lines, b.imported, b.refused, b.activated, b.unwrapped,
       b.cleaned, b.returned, b.is_complete, b.created_at_ms, b.withdrawn_at_ms
FROM shop.batches b JOIN shop.skus s ON s.id = b.sku_id
WHERE b.id = $1
