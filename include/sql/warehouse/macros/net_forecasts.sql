{% from "warehouse/macros/conversion.sql" import view_amount %}
{#
  Forecasts of gross sales, stated in net sales: returns follow days later, so models forecast gross sales, and the report's
  headline is net sales.

  Net forecast = forecast * net share. The net share is the part of gross sales that became net sales on the complete
  days among the 28 days before a day; without such days 1.

  Half of the interval combines two errors. That of the gross forecast is reduced by the discounts of the same days, but not
  by returns, which belong to earlier days and do not follow the day's sales. The other one is the distance of these days'
  net sales from their gross sales * net share.
#}

{# Half of an interval, in standard deviations of a normal distribution. #}
{% set DEVIATIONS = {"80": 1.2816, "95": 1.96} %}

{#
  One row per day of `days` with its net share. `days` is a CTE with the column business_date, `known` one with the rows
  of `known_days`. Columns: business_date; share_net_sales and share_gross_sales, whose quotient is the exact share;
  net_share, the same as FLOAT64; discounted_share, the part of gross sales that is left without discounts, at least
  net_share; residual, the root of the mean squared distance from the net share, in reporting currency.
#}
{% macro net_shares(days, known) -%}
WITH averaged AS (
        SELECT
            days.business_date,
            known.gross_sales,
            known.discounts,
            known.net_sales
        FROM {{ days }} AS days
        CROSS JOIN UNNEST(GENERATE_ARRAY(1, 28)) AS age
        LEFT JOIN {{ known }} AS known
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
            limited.*,
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
        shares.*,
        COALESCE(SQRT(distances.mean_square), 0) AS residual
    FROM shares
    INNER JOIN distances
        ON shares.business_date = distances.business_date
{%- endmacro %}

{# A forecast in net sales; `shares` is the alias of a join to `net_shares`. #}
{% macro net_forecast(forecast, shares) -%}
{{ view_amount(
    "CAST(" ~ forecast ~ " AS BIGNUMERIC) * 10000 * " ~ shares ~ ".share_net_sales / " ~ shares ~ ".share_gross_sales"
) }}
{%- endmacro %}

{# An end of the interval of `net_forecast`. `level` is '80' or '95', `sign` '-' for the lower end and '+' for the upper one. #}
{% macro net_bound(forecast, bound, sign, level, shares) -%}
{% set forecast_part = shares ~ ".discounted_share * CAST(" ~ bound ~ " - " ~ forecast ~ " AS FLOAT64)" -%}
{% set half = "SQRT(POW(" ~ forecast_part ~ ", 2) + POW(" ~ DEVIATIONS[level] ~ " * " ~ shares ~ ".residual, 2))" -%}
{{ view_amount(
    "10000 * (" ~ shares ~ ".net_share * CAST(" ~ forecast ~ " AS FLOAT64) " ~ sign ~ " " ~ half ~ ")"
) }}
{%- endmacro %}
