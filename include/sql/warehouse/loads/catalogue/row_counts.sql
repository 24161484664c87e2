-- Number of loaded rows by table.
SELECT
    'product_pictures' AS name,
    COUNT(*) AS entries
FROM {{ staged("arriving_pictures") }}
UNION ALL
SELECT
    'gone' AS name,
    COUNT(*) AS entries
FROM {{ staged("gone_products") }}
UNION ALL
SELECT
    'rejected_rows' AS name,
    COUNT(*) AS entries
FROM {{ staged("rejected_rows") }}
