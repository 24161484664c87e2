{% from "warehouse/macros/known_days.sql" import known_days with context %}
{#
  The month of each known day up to the day (`now`), and what it is compared with: `last_month` and `last_year`, up to the
  same day of their month, or to their last day if they are shorter. `now` adds up the days that are known. The others have
  no sums unless all their days are known and complete.

  With `day`, a DATE, only that day's months, even if it is not known.
#}
{% macro month_to_date(day=None) -%}
WITH known_days AS (
    {{ known_days() | indent(4) }}
),

months AS (
    SELECT
        business_date,
        CAST(DATE_TRUNC(business_date, MONTH) AS DATE) AS first_day
    {% if day %}
    FROM (SELECT {{ day }} AS business_date) AS reported
    {% else %}
    FROM known_days
    {% endif %}
),

starts AS (
    SELECT
        months.business_date,
        span,
        CASE span
            WHEN 'now' THEN months.first_day
            WHEN 'last_month' THEN CAST(DATE_SUB(months.first_day, INTERVAL 1 MONTH) AS DATE)
            WHEN 'last_year' THEN CAST(DATE_SUB(months.first_day, INTERVAL 1 YEAR) AS DATE)
        END AS first_day
    FROM months
    CROSS JOIN UNNEST(['now', 'last_month', 'last_year']) AS span
),

spans AS (
    SELECT
        business_date,
        span,
        first_day,
        LEAST(
            LAST_DAY(first_day, MONTH), DATE_ADD(first_day, INTERVAL EXTRACT(DAY FROM business_date) - 1 DAY)
        ) AS last_day
    FROM starts
),

sums AS (
    SELECT
        spans.business_date,
        spans.span,
        spans.first_day,
        spans.last_day,
        SUM(known_days.net_sales) AS net_sales,
        SUM(known_days.orders) AS orders,
        COUNTIF(known_days.is_complete AND known_days.orders = 0) AS days_without_sales,
        COUNT(*) - COUNTIF(known_days.is_complete) AS unfinished_days
    FROM spans
    CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(spans.first_day, spans.last_day)) AS span_day
    LEFT JOIN known_days
        ON span_day = known_days.business_date
    GROUP BY spans.business_date, spans.span, spans.first_day, spans.last_day
)

SELECT
    business_date,
    span,
    first_day,
    last_day,
    IF(span = 'now' OR unfinished_days = 0, COALESCE(net_sales, 0), NULL) AS net_sales,
    IF(span = 'now' OR unfinished_days = 0, COALESCE(orders, 0), NULL) AS orders,
    days_without_sales,
    unfinished_days
FROM sums
{%- endmacro %}
