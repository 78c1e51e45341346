SELECT DISTINCT master FROM shop.batches ORDER BY master
