{% from "warehouse/macros/conversion.sql" import view_amount %}
{% from "warehouse/macros/net_forecasts.sql" import net_bound, net_forecast %}
{# A forecast without the share of the currencies that have no exchange rate. #}
{% macro reduced(amount) -%}
{{ view_amount("CAST(" ~ amount ~ " AS BIGNUMERIC) * 10000"
    ~ " * COALESCE(shares.gross_sales - shares.unconverted, 1) / COALESCE(shares.gross_sales, 1)") }}
{%- endmacro %}
CREATE VIEW IF NOT EXISTS `sales.forecast_comparisons` (
    business_date OPTIONS (description = "The shop's calendar day."),
    series OPTIONS (description = "total, category:<name> or channel:<name>."),
    made_at OPTIONS (description = "Origin of the day's forecast: it uses no later data."),
    model OPTIONS (description = "Name of the model."),
    forecast OPTIONS (description = "Forecast gross sales in reporting currency, without currencies that have no exchange rate on the day; NULL where the series sold and has no forecast."),
    lower_80 OPTIONS (description = "Lower end of its 80 % interval."),
    upper_80 OPTIONS (description = "Upper end of its 80 % interval."),
    lower_95 OPTIONS (description = "Lower end of its 95 % interval."),
    upper_95 OPTIONS (description = "Upper end of its 95 % interval."),
    actual OPTIONS (description = "Actual gross sales in reporting currency; NULL before the end of the day."),
    verdict OPTIONS (description = "as expected (within the 80 % interval), unusual (outside it, within the 95 % interval) or very unusual; NULL where the day is not complete."),
    net_forecast OPTIONS (description = "The forecast in net sales, by the net share of the 28 days before; NULL for other series than total, like the following columns."),
    net_lower_80 OPTIONS (description = "Lower end of its 80 % interval, which includes the uncertainty of returns."),
    net_upper_80 OPTIONS (description = "Upper end of its 80 % interval."),
    net_lower_95 OPTIONS (description = "Lower end of its 95 % interval."),
    net_upper_95 OPTIONS (description = "Upper end of its 95 % interval."),
    net_actual OPTIONS (description = "Actual net sales in reporting currency; NULL before the end of the day."),
    net_verdict OPTIONS (description = "The verdict on net sales; NULL where the day is not complete.")
)
OPTIONS (
    description = "One row per known day and series: the forecast in force on the day, and its actual sales. Channels of exports that have ended are left out."
)
AS
WITH known_days AS (
    SELECT *
    FROM `sales.known_days`
),

exports AS (
    SELECT
        CONCAT('channel:', source) AS series,
        DATE(TIMESTAMP_SUB(MAX(window_end), INTERVAL 1 SECOND), {{ shop_timezone }}) AS last_exported
    FROM `sales.load_audit`
    WHERE business_date >= DATE '0001-01-01'
        AND status = 'history'
    GROUP BY source
),

-- In force is the newest forecast whose origin, the first instant that it does not know, is not after the beginning of the
-- day. Exports that have ended or were undone have no more sales.
forecasts AS (
    SELECT
        made.target_date AS business_date,
        made.series,
        made.made_at,
        made.model,
        made.forecast,
        made.lower_80,
        made.upper_80,
        made.lower_95,
        made.upper_95
    FROM `sales.sales_forecasts` AS made
    LEFT JOIN exports
        ON made.series = exports.series
    WHERE
        {{ days("made.target_date") }}
        AND DATE(TIMESTAMP_SUB(made.made_at, INTERVAL 1 MICROSECOND), {{ shop_timezone }}) < made.target_date
        AND (made.series = 'total' OR STARTS_WITH(made.series, 'category:') OR STARTS_WITH(made.series, 'channel:'))
        AND COALESCE(exports.last_exported >= made.target_date, TRUE)
    QUALIFY RANK() OVER (PARTITION BY made.target_date ORDER BY made.made_at DESC) = 1
),

origins AS (
    SELECT
        business_date,
        MAX(made_at) AS made_at,
        MAX(model) AS model
    FROM forecasts
    GROUP BY business_date
),

sales AS (
    SELECT
        business_date,
        currency,
        channel,
        category,
        gross_sales_reporting AS gross_sales
    FROM `sales.daily_sales`
    WHERE {{ days("business_date", before=28) }}
),

sold AS (
    SELECT
        origins.business_date,
        series,
        COALESCE(SUM(sales.gross_sales), 0) AS gross_sales
    FROM origins
    INNER JOIN sales
        ON origins.business_date = sales.business_date
    CROSS JOIN UNNEST([CONCAT('channel:', sales.channel), CONCAT('category:', sales.category)]) AS series
    GROUP BY origins.business_date, series
    UNION ALL
    SELECT
        origins.business_date,
        'total' AS series,
        COALESCE(known_days.gross_sales, 0) AS gross_sales
    FROM origins
    INNER JOIN known_days
        ON origins.business_date = known_days.business_date
),

-- Currencies without an exchange rate on the day are in no actual sales: forecasts are reduced by the share that these
-- currencies had of the series on the complete days among the 28 days before.
unconverted AS (
    SELECT DISTINCT
        origins.business_date,
        sales.currency
    FROM origins
    INNER JOIN sales
        ON origins.business_date = sales.business_date
    WHERE sales.gross_sales IS NULL
),

unconverted_shares AS (
    SELECT
        days.business_date,
        series,
        SUM(sales.gross_sales) AS gross_sales,
        SUM(IF(unconverted.currency IS NULL, 0, sales.gross_sales)) AS unconverted
    FROM (SELECT DISTINCT listed.business_date FROM unconverted AS listed) AS days
    CROSS JOIN UNNEST(GENERATE_ARRAY(1, 28)) AS age
    INNER JOIN known_days
        ON DATE_SUB(days.business_date, INTERVAL age DAY) = known_days.business_date
    INNER JOIN sales
        ON known_days.business_date = sales.business_date
    LEFT JOIN unconverted
        ON
            days.business_date = unconverted.business_date
            AND sales.currency = unconverted.currency
    CROSS JOIN UNNEST(['total', CONCAT('channel:', sales.channel), CONCAT('category:', sales.category)]) AS series
    WHERE known_days.is_complete
    GROUP BY days.business_date, series
    HAVING SUM(sales.gross_sales) > 0
),

reduced AS (
    SELECT
        forecasts.business_date,
        forecasts.series,
        {{ reduced("forecasts.forecast") }} AS forecast,
        {{ reduced("forecasts.lower_80") }} AS lower_80,
        {{ reduced("forecasts.upper_80") }} AS upper_80,
        {{ reduced("forecasts.lower_95") }} AS lower_95,
        {{ reduced("forecasts.upper_95") }} AS upper_95
    FROM forecasts
    LEFT JOIN unconverted_shares AS shares
        ON
            forecasts.business_date = shares.business_date
            AND forecasts.series = shares.series
),

series_days AS (
    SELECT
        business_date,
        series
    FROM reduced
    UNION DISTINCT
    SELECT
        business_date,
        series
    FROM sold
    WHERE gross_sales <> 0
),

compared AS (
    SELECT
        series_days.business_date,
        series_days.series,
        origins.made_at,
        origins.model,
        reduced.forecast,
        reduced.lower_80,
        reduced.upper_80,
        reduced.lower_95,
        reduced.upper_95,
        COALESCE(sold.gross_sales, 0) AS actual,
        known_days.is_complete AND reduced.forecast IS NOT NULL AS has_verdict,
        series_days.series = 'total' AND reduced.forecast IS NOT NULL AS has_net_forecast,
        {{ net_forecast("reduced.forecast", "shares") }} AS net_forecast,
        {{ net_bound("reduced.forecast", "reduced.lower_80", "-", "80", "shares") }} AS net_lower_80,
        {{ net_bound("reduced.forecast", "reduced.upper_80", "+", "80", "shares") }} AS net_upper_80,
        {{ net_bound("reduced.forecast", "reduced.lower_95", "-", "95", "shares") }} AS net_lower_95,
        {{ net_bound("reduced.forecast", "reduced.upper_95", "+", "95", "shares") }} AS net_upper_95,
        COALESCE(known_days.net_sales, 0) AS net_actual
    FROM series_days
    INNER JOIN origins
        ON series_days.business_date = origins.business_date
    INNER JOIN known_days
        ON series_days.business_date = known_days.business_date
    INNER JOIN `sales.net_shares` AS shares
        ON series_days.business_date = shares.business_date
    LEFT JOIN reduced
        ON
            series_days.business_date = reduced.business_date
            AND series_days.series = reduced.series
    LEFT JOIN sold
        ON
            series_days.business_date = sold.business_date
            AND series_days.series = sold.series
)

-- The hourly sync has sales of a day before it ends, which are no result to compare with.
SELECT
    business_date,
    series,
    made_at,
    model,
    forecast,
    lower_80,
    upper_80,
    lower_95,
    upper_95,
    IF(business_date < CURRENT_DATE({{ shop_timezone }}), actual, NULL) AS actual,
    CASE
        WHEN has_verdict IS NOT TRUE THEN NULL
        WHEN actual BETWEEN lower_80 AND upper_80 THEN 'as expected'
        WHEN actual BETWEEN lower_95 AND upper_95 THEN 'unusual'
        ELSE 'very unusual'
    END AS verdict,
    IF(has_net_forecast, net_forecast, NULL) AS net_forecast,
    IF(has_net_forecast, net_lower_80, NULL) AS net_lower_80,
    IF(has_net_forecast, net_upper_80, NULL) AS net_upper_80,
    IF(has_net_forecast, net_lower_95, NULL) AS net_lower_95,
    IF(has_net_forecast, net_upper_95, NULL) AS net_upper_95,
    IF(has_net_forecast AND business_date < CURRENT_DATE({{ shop_timezone }}), net_actual, NULL) AS net_actual,
    CASE
        WHEN (has_net_forecast AND has_verdict) IS NOT TRUE THEN NULL
        WHEN net_actual BETWEEN net_lower_80 AND net_upper_80 THEN 'as expected'
        WHEN net_actual BETWEEN net_lower_95 AND net_upper_95 THEN 'unusual'
        ELSE 'very unusual'
    END AS net_verdict
FROM compared;
