-- How many batches' data keys an older master key than $1 wraps.
SELECT count(*) FROM shop.batches WHERE master < $1
