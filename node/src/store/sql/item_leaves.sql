-- The sold events of some batches with their bodies, in any order: what the leaves of the tree that each batch's signature covers are made of.
SELECT s.id, e.key_id, e.version, e.at_ms, e.prev, e.payload, e.body
FROM attest.sale_batches s JOIN attest.events e ON e.xid = s.xid AND e.kind = 3
WHERE s.id = ANY ($1::bigint[])
