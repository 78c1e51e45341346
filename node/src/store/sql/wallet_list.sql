SELECT id, balance_minor, currency FROM shop.wallets WHERE kind = 'credit' AND account_id = $1 ORDER BY currency
