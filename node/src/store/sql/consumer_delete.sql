-- Forgets a consumer and its position.
DELETE FROM shop.consumers WHERE name = $1
