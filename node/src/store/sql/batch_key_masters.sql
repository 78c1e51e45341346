-- The master keys that still wrap something.
SELECT DISTINCT master FROM shop.batches ORDER BY master
