-- Moves an order on from the version that was seen.
UPDATE shop.orders SET state = $2, version = $3, lines = $4::text::shop.order_line[] WHERE id = $1 AND version = $3 - 1
