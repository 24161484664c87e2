{#
  The sources that were read for a day and have no order of it (`is_empty`), although the same weekday of the last four
  weeks had at least 20 orders of them each; and those with fewer than a quarter of the sales of each of these four days,
  20 or more. A sale is an order that counts and has an amount. `business_date`, `source`, `name`, `is_empty`, the day's
  sales, and the fewest orders of these four days (sales, where it is not empty). A source with channels of its own, such
  as partners, is judged by channel as well: their `name` is `<source>: <channel>`, and takes the place of the source's.
  Channels whose delivery is missing are left out.

  `chosen` is a macro that selects the days: called with the name of a column, it is the condition that the column lies
  on one of them; with a number of days as well, on one of them or of so many days before them.
#}
{% macro low_order_counts(chosen) -%}
SELECT
    few.business_date,
    few.source,
    few.name,
    few.is_empty,
    few.day_sales,
    few.fewest
FROM (
    SELECT
        audit.business_date,
        audit.source,
        counted.name,
        LOGICAL_AND(counted.business_date < audit.business_date) AS is_empty,
        SUM(IF(counted.business_date = audit.business_date, counted.sales, 0)) AS day_sales,
        CASE
            -- A day without orders is not among those that were counted.
            WHEN LOGICAL_AND(counted.business_date < audit.business_date) THEN MIN(counted.orders)
            ELSE MIN(IF(counted.business_date < audit.business_date, counted.sales, NULL))
        END AS fewest
    FROM (
        SELECT DISTINCT
            business_date,
            source
        FROM {{ table("load_audit") }}
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
        FROM {{ table("orders") }}
        CROSS JOIN UNNEST(
            IF(channel = source, [source], [source, CONCAT(source, ': ', channel)])
        ) AS name
        WHERE {{ chosen("business_date", 28) }}
        GROUP BY business_date, source, name
    ) AS counted
        ON
            audit.source = counted.source
            AND DATE_DIFF(audit.business_date, counted.business_date, DAY) IN (0, 7, 14, 21, 28)
    GROUP BY audit.business_date, audit.source, counted.name
    HAVING fewest >= 20
        AND COUNTIF(counted.business_date < audit.business_date) = 4
        AND 4 * day_sales < fewest
    QUALIFY
        counted.name <> audit.source
        OR COUNT(*) OVER (PARTITION BY audit.business_date, audit.source) = 1
) AS few
LEFT JOIN (
    SELECT DISTINCT
        business_date,
        source_name
    FROM {{ table("daily_summary") }}
    CROSS JOIN UNNEST(missing_sources) AS source_name
    WHERE {{ chosen("business_date") }}
) AS missing
    ON
        few.business_date = missing.business_date
        AND few.name = missing.source_name
WHERE missing.source_name IS NULL
{%- endmacro %}
