-- Of the payments of an order the first one pays it; each other one that was received had a review.
SELECT 'payment ' || p.id AS subject,
       format('order %s was paid before, and nobody was asked about these %s minor units', p.order_id, p.amount_minor) AS detail
FROM (
    SELECT *, row_number() OVER (PARTITION BY order_id ORDER BY batch_id, id) AS place
    FROM shop.payments WHERE state = 'received'
) p
WHERE p.place > 1 AND NOT EXISTS (SELECT FROM shop.reviews r WHERE r.payment_id = p.id AND r.question = 'paid_twice')
LIMIT $1
