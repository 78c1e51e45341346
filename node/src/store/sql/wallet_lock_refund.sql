-- Locks the wallets that a refund moves money between, the payer's credit before the product's revenue: so does a sale.
SELECT id, kind FROM shop.wallets
WHERE (kind = 'revenue' AND product_id = $1) OR (kind = 'credit' AND account_id = $2 AND currency = $3)
ORDER BY kind, id
FOR NO KEY UPDATE
