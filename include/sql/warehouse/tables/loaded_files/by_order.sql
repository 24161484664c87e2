-- The partner files, however old, that hold some of the orders asked for, with those they hold.
SELECT
    files.file,
    files.sha256,
    files.received_at,
    ARRAY_AGG(order_id) AS order_ids
FROM {{ table("loaded_files") }} AS files
CROSS JOIN UNNEST(files.order_ids) AS order_id
WHERE
    files.source = 'partner_files'
    AND order_id IN UNNEST(@order_ids)
GROUP BY files.file, files.sha256, files.received_at;
