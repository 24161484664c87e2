-- Product ids of the order lines; 0 is a deleted product.
SELECT DISTINCT product_id
FROM (SELECT unnest(product_ids) AS product_id FROM orders_read)
WHERE product_id <> '0'
ORDER BY product_id;
