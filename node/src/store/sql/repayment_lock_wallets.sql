-- Locks wallets in the order that a sale does: those of gateways, and of what is not delivered, last.
SELECT id FROM shop.wallets WHERE id = ANY ($1::bigint[]) ORDER BY kind IN ('clearing', 'undelivered'), id FOR NO KEY UPDATE
