-- Number of loaded rows by table.
SELECT
    'sales_forecasts' AS name,
    COUNT(*) AS entries
FROM {{ staged("sales_forecasts") }}
UNION ALL
SELECT
    'rejected_rows' AS name,
    COUNT(*) AS entries
FROM {{ staged("rejected_rows") }}
