SELECT 'currency ' || currency AS subject,
       format('its wallets hold %s minor units together, not 0', sum(balance_minor)) AS detail
FROM shop.balances GROUP BY currency HAVING sum(balance_minor) <> 0 LIMIT $1
