INSERT INTO shop.guest_lookups (order_id, lookup) VALUES ($1, $2) ON CONFLICT DO NOTHING
