SELECT k.id, a.name AS account, a.role, k.created_at_ms, k.revoked_at_ms
FROM shop.api_keys k JOIN shop.accounts a ON a.id = k.account_id
WHERE $1::uuid IS NULL OR k.id > $1
ORDER BY k.id
LIMIT $2
