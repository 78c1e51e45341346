-- A fact, in the transaction that makes it true.
INSERT INTO shop.outbox (topic, key, body) VALUES ($1, $2, $3::text::jsonb)
