SELECT line, product_id, quantity, price_minor FROM shop.order_lines WHERE order_id = $1 ORDER BY line
