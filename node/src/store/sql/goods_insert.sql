INSERT INTO shop.goods (key_no, line, sealed, vrf_proof)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[])
