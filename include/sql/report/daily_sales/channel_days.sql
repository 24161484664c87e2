-- Days with sales of each channel in the quarter before the day: the first and the last one, how many of the seven days
-- up to `base`, and whether all sales come from exports, which do not continue.
SELECT
    channel,
    MIN(business_date) AS first_sold,
    MAX(business_date) AS last_sold,
    COUNT(DISTINCT IF(business_date BETWEEN {{ week_before }} AND {{ base }}, business_date, NULL)) AS days_sold,
    LOGICAL_AND(source NOT IN ({{ sources }})) AS is_export
FROM {{ table("daily_sales") }}
WHERE business_date BETWEEN {{ quarter_before }} AND {{ day }}
    AND order_lines > 0
GROUP BY channel
