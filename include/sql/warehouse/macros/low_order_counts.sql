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

  `chosen` is a macro that selects the days. Called with a column, it returns the condition that the column is one of the
  days; with a number as well, one of the days or of that many days before them.
#}
{% macro low_order_counts(chosen) -%}
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
                {{ chosen("business_date") }}
                AND status = 'success'
                AND DATE(read_at, {{ shop_timezone }}) > business_date
        ) AS audit
        INNER JOIN (
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
            WHERE {{ chosen("business_date", 28) }}
            GROUP BY business_date, source, name
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
    WHERE {{ chosen("business_date") }}
) AS missing
    ON
        low_counts.business_date = missing.business_date
        AND low_counts.name = missing.source_name
WHERE missing.source_name IS NULL
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
