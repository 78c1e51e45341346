SELECT id, order_id, question, payment_id, opened_at_ms, closed_at_ms, decision, note FROM shop.reviews WHERE id = $1
