SELECT DISTINCT master_generation FROM shop.batches ORDER BY master_generation
