-- Keeps the first page that the gateway made for a payment, and its number where it gave one out.
UPDATE shop.payments SET url = $2, trade_no = coalesce(trade_no, $3)
WHERE id = $1 AND url IS NULL AND state <> 'received'
