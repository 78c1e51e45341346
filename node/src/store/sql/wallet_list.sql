SELECT wallet_id, balance_minor, currency FROM shop.balances WHERE kind = 'credit' AND account_id = $1 ORDER BY currency
