-- Gross sales of exports without any return, discount, tax or shipping on the days: the export does not contain them, so
-- its days are left out of their averages, and its sales of the return or discount rate.
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
),

charges AS (
    SELECT
        source,
        LOGICAL_OR(tax_amount <> 0) AS has_tax,
        LOGICAL_OR(shipping_amount <> 0) AS has_shipping
    FROM {{ table("orders") }}
    WHERE {{ days("business_date") }}
        AND source NOT IN ({{ sources }})
    GROUP BY source
)

SELECT
    sales.business_date,
    COALESCE(SUM(IF(exports.has_returns, 0, sales.gross_sales)), 0) AS without_returns,
    COALESCE(SUM(IF(exports.has_discounts, 0, sales.gross_sales)), 0) AS without_discounts,
    COALESCE(SUM(IF(charges.has_tax, 0, sales.gross_sales)), 0) AS without_tax,
    COALESCE(SUM(IF(charges.has_shipping, 0, sales.gross_sales)), 0) AS without_shipping
FROM sales
INNER JOIN exports
    ON sales.source = exports.source
LEFT JOIN charges
    ON sales.source = charges.source
GROUP BY sales.business_date
