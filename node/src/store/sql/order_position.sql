-- The batch of an order, if it is the account's, where one is given.
SELECT batch_id FROM shop.orders WHERE id = $1 AND ($2::uuid IS NULL OR account_id = $2)
