-- The receipt of a sale is the signature of the batch that has the sale's transaction.
SELECT 'key ' || e.key_no AS subject,
       CASE WHEN b.id IS NULL THEN format('transaction %s sold it, and is no batch', e.xid)
            ELSE format('batch %s sold it, and has no signature', b.id) END AS detail
FROM attest.events e LEFT JOIN attest.sale_batches b ON b.xid = e.xid
WHERE e.kind = 3 AND b.signature IS NULL
LIMIT $1
