{# Orders and sales by day, source and name, of the days that `condition` selects by their `business_date`. #}
{% macro order_counts(condition) -%}
SELECT
    business_date,
    source,
    name,
    COUNT(*) AS orders,
    COUNTIF(is_sale AND NOT is_test AND gross_amount > 0) AS sales
FROM `sales.orders`
CROSS JOIN UNNEST(
    IF(channel = source, [source], [source, CONCAT(source, ': ', channel)])
) AS name
WHERE {{ condition }}
GROUP BY business_date, source, name
{%- endmacro %}

{#
  Sources and channels, by their `name` as below, that are quiet on a public holiday: on all former ones of
  400 days, or on those of its own name, they had fewer than a quarter of the sales of the weeks before those days.
  `is_closed`: they had no orders at all. A holiday without sales a week before shows nothing.

  `holidays` are names by day, with the former ones. Only these days and those a week before them are read.
#}
{% macro quiet_holidays(holidays) -%}
{% set named_days %}
UNNEST([
{% for day, name in holidays.items() %}
STRUCT(DATE '{{ day }}' AS day, {{ quoted(name) }} AS name){{ "," if not loop.last }}
{% endfor %}
])
{%- endset %}
{% set days_read %}
{% for day in holidays %}
DATE '{{ day }}', DATE '{{ day - week }}'{{ "," if not loop.last }}
{% endfor %}
{%- endset %}
SELECT
    business_date,
    name,
    LOGICAL_OR(orders = 0) AS is_closed
FROM (
    SELECT
        holiday.day AS business_date,
        counted.name,
        SUM(IF(counted.business_date = former.day, counted.orders, 0)) AS orders,
        SUM(IF(counted.business_date = former.day, 4, -1) * counted.sales) AS excess
    FROM (
{{ order_counts("business_date IN (" ~ days_read ~ ")") | indent(8, first=True) }}
    ) AS counted
    INNER JOIN {{ named_days }} AS former
        ON former.day IN (counted.business_date, DATE_ADD(counted.business_date, INTERVAL 7 DAY))
    INNER JOIN {{ named_days }} AS holiday
        ON DATE_DIFF(holiday.day, former.day, DAY) BETWEEN 1 AND 400
    -- Those of its own name, and all.
    CROSS JOIN UNNEST([former.name, '']) AS compared_name
    WHERE compared_name IN (holiday.name, '')
    GROUP BY holiday.day, counted.name, compared_name
) AS sums
WHERE excess < 0
GROUP BY business_date, name
{%- endmacro %}

{#
  Sources with unusually few orders on a day for which they were read. The day is compared with the same weekdays of the
  last four weeks, from the first order in this time on. None of them may be without orders. Either the source has no
  order (`is_empty`), and the weekdays, at least two, had 10 or more on average. Or the source has fewer than a quarter of
  the sales of each of the weekdays, at least two, which had at least 20. A sale is a counted order with an amount.
  With 10 orders on average, one day in 20,000 has none by chance (Poisson).

  In the first two weeks, which have fewer such weekdays, a source is also empty if it had orders on at least three of the
  last seven days, and 10 or more on average on the days with orders. Sources with delivered files are left out of this,
  because missing files are known otherwise (plugins/ecommerce/core/expected_partners.py).

  `usual` is the average number of orders. A source with several channels, such as partners, is judged by channel: `name`
  is then `<source>: <channel>`. Channels whose delivery is missing are left out.

  A public holiday is compared with former ones, too (`quiet_holidays`): an empty day is usual for a source that was closed
  on them, a low number for one that sold little.

  `judged_days` is a list, for `any_of`.
#}
{% macro low_order_counts(judged_days) -%}
{% set holidays = former_holidays(judged_days) %}
{% set age = "DATE_DIFF(audit.business_date, counted.business_date, DAY)" %}
SELECT
    low_counts.business_date,
    low_counts.source,
    low_counts.name,
    low_counts.day_orders = 0 AS is_empty,
    CAST(ROUND(low_counts.usual) AS INT64) AS usual
FROM (
    SELECT
        *,
        IF(weekdays >= 2, weekday_orders / weekdays, IF(recent_days >= 3, recent_orders / recent_days, 0)) AS usual
    FROM (
        SELECT
            audit.business_date,
            audit.source,
            counted.name,
            SUM(IF({{ age }} = 0, counted.orders, 0)) AS day_orders,
            SUM(IF({{ age }} = 0, counted.sales, 0)) AS day_sales,
            DIV(MAX({{ age }}), 7) AS weekdays_since_first,
            COUNTIF({{ age }} IN (7, 14, 21, 28)) AS weekdays,
            SUM(IF({{ age }} IN (7, 14, 21, 28), counted.orders, 0)) AS weekday_orders,
            MIN(IF({{ age }} IN (7, 14, 21, 28), counted.sales, NULL)) AS fewest_sales,
            COUNTIF({{ age }} BETWEEN 1 AND 7) AS recent_days,
            SUM(IF({{ age }} BETWEEN 1 AND 7, counted.orders, 0)) AS recent_orders
        FROM (
            SELECT DISTINCT
                business_date,
                source
            FROM `sales.load_audit`
            WHERE
                {{ any_of(judged_days, "business_date") }}
                AND status = 'success'
                AND DATE(read_at, {{ shop_timezone }}) > business_date
        ) AS audit
        INNER JOIN (
{{ order_counts(any_of(judged_days, "business_date", before=28)) | indent(12, first=True) }}
        ) AS counted
            ON
                audit.source = counted.source
                AND {{ age }} BETWEEN 0 AND 28
        GROUP BY audit.business_date, audit.source, counted.name
    ) AS sums
    -- A weekday without orders since the first one shows that such a day is not unusual.
    WHERE weekdays = weekdays_since_first
) AS low_counts
LEFT JOIN (
    SELECT DISTINCT
        business_date,
        source_name
    FROM `sales.daily_summary`
    CROSS JOIN UNNEST(missing_sources) AS source_name
    WHERE {{ any_of(judged_days, "business_date") }}
) AS missing
    ON
        low_counts.business_date = missing.business_date
        AND low_counts.name = missing.source_name
{% if holidays %}
LEFT JOIN (
{{ quiet_holidays(holidays) | indent(4, first=True) }}
) AS quiet
    ON
        low_counts.business_date = quiet.business_date
        AND low_counts.name = quiet.name
{% endif %}
WHERE missing.source_name IS NULL
    {% if holidays %}
    AND (quiet.name IS NULL OR (low_counts.day_orders = 0 AND NOT quiet.is_closed))
    {% endif %}
    AND (
        (
            low_counts.day_orders = 0
            AND low_counts.usual >= 10
            AND (
                low_counts.weekdays >= 2
                OR low_counts.source NOT IN (SELECT delivered.source FROM `sales.loaded_files` AS delivered)
            )
        )
        OR (low_counts.weekdays >= 2 AND low_counts.fewest_sales >= 20 AND 4 * low_counts.day_sales < low_counts.fewest_sales)
    )
QUALIFY
    low_counts.name <> low_counts.source
    OR COUNT(*) OVER (PARTITION BY low_counts.business_date, low_counts.source) = 1
{%- endmacro %}
