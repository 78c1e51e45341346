-- Of each epoch after a number that has an intent: whether its newest one is closed, and the final block that holds it.
SELECT DISTINCT ON (epoch) epoch, outcome IS NOT NULL, block, block_time_s
FROM attest.intents
WHERE epoch > $1
ORDER BY epoch, id DESC
