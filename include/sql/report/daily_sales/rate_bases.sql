-- Gross sales of exports without any return, or without any discount, on the days: the export does not contain them, so
-- its sales are left out of the return or discount rate.
WITH sales AS (
    SELECT
        business_date,
        source,
        SUM(gross_sales_reporting) AS gross_sales,
        LOGICAL_OR(returns <> 0) AS has_returns,
        LOGICAL_OR(discounts <> 0) AS has_discounts
    FROM {{ table("daily_sales") }}
    WHERE {{ days("business_date") }}
        AND source NOT IN ({{ sources }})
    GROUP BY business_date, source
),

exports AS (
    SELECT
        source,
        LOGICAL_OR(has_returns) AS has_returns,
        LOGICAL_OR(has_discounts) AS has_discounts
    FROM sales
    GROUP BY source
)

SELECT
    sales.business_date,
    COALESCE(SUM(IF(exports.has_returns, 0, sales.gross_sales)), 0) AS without_returns,
    COALESCE(SUM(IF(exports.has_discounts, 0, sales.gross_sales)), 0) AS without_discounts
FROM sales
INNER JOIN exports
    ON sales.source = exports.source
GROUP BY sales.business_date
