-- Product ids of the order lines; 0 is a deleted product. A shop refuses a list with an id that is no number.
SELECT DISTINCT product_id
FROM (SELECT unnest(product_ids) AS product_id FROM orders_read)
WHERE product_id <> '0' AND regexp_full_match(product_id, '\d+')
ORDER BY product_id;
