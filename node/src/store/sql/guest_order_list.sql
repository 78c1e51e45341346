-- The newest orders that the hash $1 opens.
SELECT o.id, o.account_id, o.guest, o.channel, o.buyer, o.state, o.version, o.reason, to_jsonb(o.lines)::text AS lines,
       o.subtotal_minor, o.discount_minor, o.currency, o.expires_at_ms, o.created_at_ms, r.generation AS revoked
FROM shop.guest_lookups g
JOIN shop.orders o ON o.id = g.order_id
LEFT JOIN shop.revoked_order_tokens r ON r.order_id = o.id
WHERE g.lookup = $1
ORDER BY o.created_at_ms DESC, o.id DESC
LIMIT $2
