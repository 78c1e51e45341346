-- Whose the idempotency rows are that were there already.
SELECT i.account_id, i.key, i.fingerprint, i.order_id
FROM unnest($1::uuid[], $2::text[]) AS asked (account_id, key)
JOIN shop.idempotency i USING (account_id, key)
