SELECT b.id, b.supplier, b.wrapped_key, b.master_generation, b.source, b.lines, b.imported, b.refused,
       b.unwrapped, b.cleaned, b.returned, b.is_complete, b.withdrawn_at_ms IS NOT NULL AS is_withdrawn
FROM shop.batches b JOIN shop.skus s ON s.id = b.sku_id
WHERE s.product_id = $1 AND b.name = $2
