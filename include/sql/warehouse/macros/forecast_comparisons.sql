{% from "warehouse/macros/conversion.sql" import view_amount %}
{% from "warehouse/macros/known_days.sql" import known_days with context %}
{% from "warehouse/macros/net_forecasts.sql" import net_bound, net_forecast, net_shares with context %}
{% set BOUNDS = ["lower_80", "upper_80", "lower_95", "upper_95"] %}

{# Where an amount lies in the intervals of its forecast; the bounds are inside. `prefix` is that of their columns. #}
{% macro verdict(actual, prefix) -%}
CASE
        WHEN {{ actual }} BETWEEN {{ prefix }}lower_80 AND {{ prefix }}upper_80 THEN 'as expected'
        WHEN {{ actual }} BETWEEN {{ prefix }}lower_95 AND {{ prefix }}upper_95 THEN 'unusual'
        ELSE 'very unusual'
    END
{%- endmacro %}

{# An actual amount: the hourly sync has sales of a day before it ends, which are no result to compare with. #}
{% macro of_ended_day(actual, day) -%}
{% if day -%}
{{ actual }}
{%- else -%}
IF(business_date < CURRENT_DATE({{ shop_timezone }}), {{ actual }}, NULL)
{%- endif %}
{%- endmacro %}

{#
  Known days with a forecast in force, which is the newest one from data that ends before the day: one row per series with
  its forecast, intervals and actual gross sales. A series that sold and has no forecast has a row without one. Forecasts of
  all sales are stated in net sales, too. Arguments as of `known_days`; with `day`, only this day. Without `day`, the actual
  sales of days that have not ended are NULL.

  Exports that have ended or were undone have no more sales and are left out. Currencies without an exchange rate on
  the day are in no actual sales: forecasts are reduced by the share that these currencies had of the series on the complete
  days among the 28 days before.
#}
{% macro forecast_comparisons(day=None) -%}
WITH known_days AS (
    {{ known_days(day) | indent(4) }}
),

exports AS (
    SELECT
        CONCAT('channel:', source) AS series,
        DATE(TIMESTAMP_SUB(MAX(window_end), INTERVAL 1 SECOND), {{ shop_timezone }}) AS last_exported
    FROM `sales.load_audit`
    WHERE business_date >= {{ first_day }}
        AND status = 'history'
    GROUP BY source
),

-- The origin of a forecast is the first instant that it does not know.
forecasts AS (
    SELECT
        made.target_date AS business_date,
        made.series,
        made.made_at,
        made.model,
        made.forecast,
        {% for bound in BOUNDS %}
        made.{{ bound }}{{ "," if not loop.last }}
        {% endfor %}
    FROM `sales.sales_forecasts` AS made
    LEFT JOIN exports
        ON made.series = exports.series
    WHERE
        made.target_date {% if day %}= {{ day }}{% else %}>= {{ first_day }}{% endif %}
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
    WHERE business_date {% if day %}BETWEEN DATE_SUB({{ day }}, INTERVAL 28 DAY) AND {{ day }}{% else %}>= {{ first_day }}{% endif %}
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
    FROM (SELECT DISTINCT business_date FROM unconverted) AS days
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
        {% for column in ["forecast"] + BOUNDS %}
        {{ view_amount(
            "CAST(forecasts." ~ column ~ " AS BIGNUMERIC) * 10000"
            ~ " * COALESCE(shares.gross_sales - shares.unconverted, 1) / COALESCE(shares.gross_sales, 1)"
        ) }} AS {{ column }}{{ "," if not loop.last }}
        {% endfor %}
    FROM forecasts
    LEFT JOIN unconverted_shares AS shares
        ON
            forecasts.business_date = shares.business_date
            AND forecasts.series = shares.series
),

net_shares AS (
    {{ net_shares("origins", "known_days") }}
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
        {% for bound in BOUNDS %}
        reduced.{{ bound }},
        {% endfor %}
        COALESCE(sold.gross_sales, 0) AS actual,
        known_days.is_complete AND reduced.forecast IS NOT NULL AS has_verdict,
        series_days.series = 'total' AND reduced.forecast IS NOT NULL AS has_net_forecast,
        {{ net_forecast("reduced.forecast", "shares") }} AS net_forecast,
        {% for bound in BOUNDS %}
        {% set end, level = bound.split("_") %}
        {{ net_bound(
            "reduced.forecast", "reduced." ~ bound, "-" if end == "lower" else "+", level, "shares"
        ) }} AS net_{{ bound }},
        {% endfor %}
        COALESCE(known_days.net_sales, 0) AS net_actual
    FROM series_days
    INNER JOIN origins
        ON series_days.business_date = origins.business_date
    INNER JOIN known_days
        ON series_days.business_date = known_days.business_date
    INNER JOIN net_shares AS shares
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

SELECT
    business_date,
    series,
    made_at,
    model,
    forecast,
    {% for bound in BOUNDS %}
    {{ bound }},
    {% endfor %}
    {{ of_ended_day("actual", day) }} AS actual,
    IF(has_verdict, {{ verdict("actual", "") }}, NULL) AS verdict,
    {% for column in ["forecast"] + BOUNDS %}
    IF(has_net_forecast, net_{{ column }}, NULL) AS net_{{ column }},
    {% endfor %}
    IF(has_net_forecast, {{ of_ended_day("net_actual", day) }}, NULL) AS net_actual,
    IF(has_net_forecast AND has_verdict, {{ verdict("net_actual", "net_") }}, NULL) AS net_verdict
FROM compared
{%- endmacro %}
