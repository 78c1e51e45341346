-- The sold events of some batches, in any order: the leaves of the tree that each batch's signature covers.
SELECT s.id, e.key_id, e.version, e.at_ms, e.prev, e.payload
FROM shop.sale_batches s JOIN attest.events e ON e.xid = s.xid AND e.kind = 3
WHERE s.id = ANY ($1::bigint[])
