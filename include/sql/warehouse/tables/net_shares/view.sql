CREATE VIEW IF NOT EXISTS `sales.net_shares` (
    business_date OPTIONS (description = "The shop's calendar day."),
    share_net_sales OPTIONS (description = "Net sales of the complete days among the 28 days before, between 0 and share_gross_sales; 1 without any."),
    share_gross_sales OPTIONS (description = "Their gross sales; 1 without any. SAFE_DIVIDE(share_net_sales, share_gross_sales) is the exact share."),
    net_share OPTIONS (description = "The share as FLOAT64."),
    discounted_share OPTIONS (description = "The part of the gross sales that is left without discounts; at least net_share."),
    residual OPTIONS (description = "Root of the mean squared distance of these days' net sales from their gross sales * net_share, in reporting currency.")
)
OPTIONS (
    description = "One row per known day and the day after the newest: which part of gross sales became net sales on the complete days among the 28 days before. Forecasts of gross sales are stated in net sales by it."
)
AS
WITH known_days AS (
    SELECT *
    FROM `sales.known_days`
),

days AS (
    SELECT DISTINCT shared_day AS business_date
    FROM known_days AS known
    CROSS JOIN UNNEST([known.business_date, DATE_ADD(known.business_date, INTERVAL 1 DAY)]) AS shared_day
),

averaged AS (
    SELECT
        days.business_date,
        known.gross_sales,
        known.discounts,
        known.net_sales
    FROM days
    CROSS JOIN UNNEST(GENERATE_ARRAY(1, 28)) AS age
    LEFT JOIN known_days AS known
        ON
            DATE_SUB(days.business_date, INTERVAL age DAY) = known.business_date
            AND known.is_complete
),

sums AS (
    SELECT
        business_date,
        SUM(gross_sales) AS gross_sales,
        SUM(discounts) AS discounts,
        SUM(net_sales) AS net_sales
    FROM averaged
    GROUP BY business_date
),

limited AS (
    SELECT
        business_date,
        IF(gross_sales > 0, LEAST(GREATEST(net_sales, 0), gross_sales), NUMERIC '1') AS share_net_sales,
        IF(gross_sales > 0, gross_sales, NUMERIC '1') AS share_gross_sales,
        IF(gross_sales > 0, LEAST(gross_sales - discounts, gross_sales), NUMERIC '1') AS discounted_sales
    FROM sums
),

shares AS (
    SELECT
        limited.business_date,
        limited.share_net_sales,
        limited.share_gross_sales,
        CAST(share_net_sales AS FLOAT64) / CAST(share_gross_sales AS FLOAT64) AS net_share,
        CAST(GREATEST(discounted_sales, share_net_sales) AS FLOAT64)
        / CAST(share_gross_sales AS FLOAT64) AS discounted_share
    FROM limited
),

distances AS (
    SELECT
        averaged.business_date,
        AVG(
            POW(CAST(averaged.net_sales AS FLOAT64) - shares.net_share * CAST(averaged.gross_sales AS FLOAT64), 2)
        ) AS mean_square
    FROM averaged
    INNER JOIN shares
        ON averaged.business_date = shares.business_date
    GROUP BY averaged.business_date
)

SELECT
    shares.business_date,
    shares.share_net_sales,
    shares.share_gross_sales,
    shares.net_share,
    shares.discounted_share,
    COALESCE(SQRT(distances.mean_square), 0) AS residual
FROM shares
INNER JOIN distances
    ON shares.business_date = distances.business_date;
