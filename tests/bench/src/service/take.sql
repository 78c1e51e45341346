-- Takes the next unsold card of a product that no other transaction has locked, and writes its order.
WITH next AS (
    SELECT id FROM cards WHERE product_id = $1 AND NOT is_sold ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED
), sold AS (
    UPDATE cards SET is_sold = true, order_id = $2 FROM next WHERE cards.id = next.id RETURNING cards.id, cards.code
), placed AS (
    INSERT INTO orders (id, account_id, product_id, card_id, amount_minor)
    SELECT $2, $3, p.id, sold.id, p.price_minor FROM sold, products p WHERE p.id = $1
    RETURNING amount_minor
)
SELECT sold.code, placed.amount_minor FROM sold, placed
