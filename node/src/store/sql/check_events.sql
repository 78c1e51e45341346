SELECT key_no, version, before, kind, at_ms, key_id, prev, payload, salt, body
FROM attest.events WHERE key_no > $1 AND key_no <= $2 ORDER BY key_no, version
