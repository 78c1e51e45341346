-- The newest of the order's tokens that are refused, and when it was revoked.
SELECT generation, revoked_at_ms FROM shop.revoked_order_tokens WHERE order_id = $1
