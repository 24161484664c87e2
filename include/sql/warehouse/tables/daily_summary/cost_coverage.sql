-- The part of the newest complete day's net sales whose cost of goods is known, in whole percent; NULL without any. Returns
-- without a cost make these sales more than all: what they exceed is not covered.
SELECT
    business_date,
    CAST(
        FLOOR(100 * GREATEST(1 - SAFE_DIVIDE(ABS(net_sales - sales_with_cost), net_sales), 0)) AS INT64
    ) AS percent
FROM `sales.daily_summary`
WHERE
    business_date >= DATE '0001-01-01'
    AND complete
ORDER BY business_date DESC
LIMIT 1;
