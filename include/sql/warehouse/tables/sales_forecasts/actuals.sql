{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
-- What came of the days that have ended, beside every forecast of them. A day that the warehouse knows nothing of has no
-- actual: it has not been loaded.
MERGE INTO {{ table("sales_forecasts") }} AS stored
USING (
    WITH articles AS (
        SELECT
            business_date,
            sku,
            currency,
            SUM(gross_amount) AS gross_sales
        FROM {{ table("order_lines") }}
        WHERE
            {{ days("business_date") }}
            AND is_sale
            AND NOT is_test
        GROUP BY business_date, sku, currency
    ),

    came AS (
        SELECT
            business_date,
            CONCAT('category:', category) AS series,
            gross_sales_reporting AS gross_sales
        FROM {{ table("daily_sales") }}
        WHERE {{ days("business_date") }}
        UNION ALL
        SELECT
            business_date,
            CONCAT('channel:', channel) AS series,
            gross_sales_reporting AS gross_sales
        FROM {{ table("daily_sales") }}
        WHERE {{ days("business_date") }}
        UNION ALL
        SELECT
            business_date,
            'total' AS series,
            gross_sales_reporting AS gross_sales
        FROM {{ table("daily_sales") }}
        WHERE {{ days("business_date") }}
        UNION ALL
        SELECT
            rated.business_date,
            CONCAT('sku:', rated.sku) AS series,
            {{ rounded("SUM(" ~ converted("gross_sales") ~ ")") }} AS gross_sales
        FROM (
            SELECT
                articles.*,
                {{ rate_columns("articles.currency", "rates") }}
            FROM articles
            LEFT JOIN {{ table("conversion_rates") }} AS rates
                ON
                    articles.business_date = rates.business_date
                    AND articles.currency = rates.currency
        ) AS rated
        GROUP BY rated.business_date, rated.sku
    )

    SELECT
        forecasts.series,
        forecasts.target_date,
        COALESCE(SUM(came.gross_sales), 0) AS actual
    FROM (
        SELECT DISTINCT
            series,
            target_date
        FROM {{ table("sales_forecasts") }}
        WHERE {{ days("target_date") }}
    ) AS forecasts
    INNER JOIN {{ table("daily_summary") }} AS summary
        ON forecasts.target_date = summary.business_date
    LEFT JOIN came
        ON
            forecasts.target_date = came.business_date
            AND forecasts.series = came.series
    GROUP BY forecasts.series, forecasts.target_date
) AS known
    ON
        stored.series = known.series
        AND stored.target_date = known.target_date
        AND {{ days("stored.target_date") }}
WHEN MATCHED THEN
    UPDATE SET actual = known.actual;
