-- The whole history of some keys, each in the order of its versions.
SELECT key_no, version, kind, at_ms, key_id, prev, payload, salt, body
FROM attest.events
WHERE key_no = ANY ($1::bigint[])
ORDER BY key_no, version
