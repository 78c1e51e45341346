SELECT 'key ' || e.key_no AS subject, format('version %s happened to it, and there is no such key', e.version) AS detail
FROM attest.events e LEFT JOIN shop.keys k ON k.no = e.key_no
WHERE k.no IS NULL
LIMIT $1
