SELECT k.hash, k.account_id, a.role
FROM shop.api_keys k JOIN shop.accounts a ON a.id = k.account_id
WHERE k.id = $1 AND k.revoked_at_ms IS NULL
