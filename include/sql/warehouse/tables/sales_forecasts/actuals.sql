{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
-- Sets the actual gross sales of ended days in every forecast. Days that have not been loaded have no actual sales.
MERGE INTO `sales.sales_forecasts` AS stored
USING (
    WITH sku_sales AS (
        SELECT
            business_date,
            sku,
            currency,
            SUM(gross_amount) AS gross_sales
        FROM `sales.order_lines`
        WHERE
            {{ days("business_date") }}
            AND is_sale
            AND NOT is_test
        GROUP BY business_date, sku, currency
    ),

    actual_sales AS (
        SELECT
            business_date,
            CONCAT('category:', category) AS series,
            gross_sales_reporting AS gross_sales
        FROM `sales.daily_sales`
        WHERE {{ days("business_date") }}
        UNION ALL
        SELECT
            business_date,
            CONCAT('channel:', channel) AS series,
            gross_sales_reporting AS gross_sales
        FROM `sales.daily_sales`
        WHERE {{ days("business_date") }}
        UNION ALL
        SELECT
            business_date,
            'total' AS series,
            gross_sales_reporting AS gross_sales
        FROM `sales.daily_sales`
        WHERE {{ days("business_date") }}
        UNION ALL
        SELECT
            rated.business_date,
            CONCAT('sku:', rated.sku) AS series,
            {{ rounded("SUM(" ~ converted("gross_sales") ~ ")") }} AS gross_sales
        FROM (
            SELECT
                sku_sales.*,
                {{ rate_columns("sku_sales.currency", "rates") }}
            FROM sku_sales
            LEFT JOIN `sales.conversion_rates` AS rates
                ON
                    sku_sales.business_date = rates.business_date
                    AND sku_sales.currency = rates.currency
        ) AS rated
        GROUP BY rated.business_date, rated.sku
    )

    SELECT
        forecasts.series,
        forecasts.target_date,
        COALESCE(SUM(actual_sales.gross_sales), 0) AS actual
    FROM (
        SELECT DISTINCT
            series,
            target_date
        FROM `sales.sales_forecasts`
        WHERE {{ days("target_date") }}
    ) AS forecasts
    INNER JOIN `sales.daily_summary` AS summary
        ON forecasts.target_date = summary.business_date
    LEFT JOIN actual_sales
        ON
            forecasts.target_date = actual_sales.business_date
            AND forecasts.series = actual_sales.series
    GROUP BY forecasts.series, forecasts.target_date
) AS actuals
    ON
        stored.series = actuals.series
        AND stored.target_date = actuals.target_date
        AND {{ days("stored.target_date") }}
WHEN MATCHED THEN
    UPDATE SET actual = actuals.actual;
