-- Number of loaded rows by table.
SELECT
    'user_events' AS name,
    COUNT(*) AS entries
FROM {{ staged("arriving_events") }}
UNION ALL
SELECT
    'rejected_rows' AS name,
    COUNT(*) AS entries
FROM {{ staged("rejected_rows") }}
