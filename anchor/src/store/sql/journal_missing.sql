-- Which of these batches, by their places from 1, the database lacks or holds with another signature.
SELECT j.place
FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS j (id, signature, place)
WHERE NOT EXISTS (SELECT FROM attest.sale_batches s WHERE s.id = j.id AND s.signature = j.signature)
ORDER BY j.place
