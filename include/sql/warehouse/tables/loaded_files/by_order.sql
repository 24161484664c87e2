-- Files of a source, of any age, that contain some of the given orders, with the ids of these orders.
SELECT
    files.file,
    files.sha256,
    files.received_at,
    ARRAY_AGG(order_id ORDER BY order_id) AS order_ids
FROM `sales.loaded_files` AS files
CROSS JOIN UNNEST(files.order_ids) AS order_id
WHERE
    files.source = @source
    AND order_id IN UNNEST(@order_ids)
GROUP BY files.file, files.sha256, files.received_at;
