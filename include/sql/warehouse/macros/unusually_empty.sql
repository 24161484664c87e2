{#
  The sources that were read for a day and have no order of it, although the same weekday of the last four weeks had
  at least 20 orders of them each: `business_date`, `source`, `name` and the fewest orders of these four days. A source
  with channels of its own, such as partners, is judged by channel as well: their `name` is `<source>: <channel>`, and
  takes the place of the source's. Channels whose delivery is missing are not empty.

  `chosen` is a macro that selects the days: called with the name of a column, it is the condition that the column lies
  on one of them; with a number of days as well, on one of them or of so many days before them.
#}
{% macro unusually_empty(chosen) -%}
SELECT
    empty.business_date,
    empty.source,
    empty.name,
    empty.fewest
FROM (
    SELECT
        audit.business_date,
        audit.source,
        counted.name,
        MIN(counted.orders) AS fewest
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
            COUNT(*) AS orders
        FROM {{ table("orders") }}
        CROSS JOIN UNNEST(
            IF(COALESCE(channel, source) = source, [source], [source, CONCAT(source, ': ', channel)])
        ) AS name
        WHERE {{ chosen("business_date", 28) }}
        GROUP BY business_date, source, name
    ) AS counted
        ON
            audit.source = counted.source
            AND DATE_DIFF(audit.business_date, counted.business_date, DAY) IN (0, 7, 14, 21, 28)
    GROUP BY audit.business_date, audit.source, counted.name
    -- A day without orders is not among those that were counted.
    HAVING LOGICAL_AND(counted.business_date < audit.business_date)
        AND COUNTIF(counted.orders >= 20) = 4
    QUALIFY
        counted.name <> audit.source
        OR COUNT(*) OVER (PARTITION BY audit.business_date, audit.source) = 1
) AS empty
LEFT JOIN (
    SELECT DISTINCT
        business_date,
        source_name
    FROM {{ table("daily_summary") }}
    CROSS JOIN UNNEST(missing_sources) AS source_name
    WHERE {{ chosen("business_date") }}
) AS missing
    ON
        empty.business_date = missing.business_date
        AND empty.name = missing.source_name
WHERE missing.source_name IS NULL
{%- endmacro %}
