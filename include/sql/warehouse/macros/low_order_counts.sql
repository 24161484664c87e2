{#
  Sources with unusually few orders on a day for which they were read. The day is compared with the same weekday of the
  last four weeks. Either the source has no order (`is_empty`) and had at least 20 on each of the four days; or it has
  fewer than a quarter of the sales of each of the four days, which had at least 20. A sale is a counted order with an
  amount. `fewest` is the smallest number of the four days: of orders where the day is empty, else of sales. A source with
  several channels, such as partners, is judged by channel: `name` is then `<source>: <channel>`. Channels whose delivery
  is missing are left out.

  `chosen` is a macro that selects the days. Called with a column, it returns the condition that the column is one of the
  days; with a number as well, one of the days or of that many days before them.
#}
{% macro low_order_counts(chosen) -%}
SELECT
    low_counts.business_date,
    low_counts.source,
    low_counts.name,
    low_counts.is_empty,
    low_counts.day_sales,
    low_counts.fewest
FROM (
    SELECT
        audit.business_date,
        audit.source,
        counted.name,
        LOGICAL_AND(counted.business_date < audit.business_date) AS is_empty,
        SUM(IF(counted.business_date = audit.business_date, counted.sales, 0)) AS day_sales,
        CASE
            -- A day without orders has no row in `counted`.
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
) AS low_counts
LEFT JOIN (
    SELECT DISTINCT
        business_date,
        source_name
    FROM {{ table("daily_summary") }}
    CROSS JOIN UNNEST(missing_sources) AS source_name
    WHERE {{ chosen("business_date") }}
) AS missing
    ON
        low_counts.business_date = missing.business_date
        AND low_counts.name = missing.source_name
WHERE missing.source_name IS NULL
{%- endmacro %}
