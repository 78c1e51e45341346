-- Refuses the order's token of the generation that is valid now, and makes the next one valid. Whoever calls it has
-- locked the order, so that the generation is still the one that was asked about.
INSERT INTO shop.revoked_order_tokens AS r (order_id, generation, revoked_at_ms) VALUES ($1, 1, $2)
ON CONFLICT (order_id) DO UPDATE SET generation = r.generation + 1, revoked_at_ms = excluded.revoked_at_ms
RETURNING generation
