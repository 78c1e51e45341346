-- How many data keys are wrapped by an older generation than $1.
SELECT count(*) FROM shop.batches WHERE master < $1
