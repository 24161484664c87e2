-- What is known of partner files by name.
SELECT
    file,
    sha256,
    received_at,
    order_ids
FROM {{ table("loaded_files") }}
WHERE
    source = 'partner_files'
    AND file IN UNNEST(@files);
