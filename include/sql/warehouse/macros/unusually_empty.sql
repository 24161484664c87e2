{#
  The sources that were read for a day and brought no order of it, although the same weekday of the last four weeks had
  at least 20 orders of them each: `business_date`, `source` and the fewest orders of these four days.

  `chosen` says which days: called with the name of a column, it is the condition that the column lies on one of them;
  with a number of days as well, on one of them or of so many days before them.
#}
{% macro unusually_empty(chosen) -%}
SELECT
    audit.business_date,
    audit.source,
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
        COUNT(*) AS orders
    FROM {{ table("orders") }}
    WHERE {{ chosen("business_date", 28) }}
    GROUP BY business_date, source
) AS counted
    ON
        audit.source = counted.source
        AND DATE_DIFF(audit.business_date, counted.business_date, DAY) IN (0, 7, 14, 21, 28)
GROUP BY audit.business_date, audit.source
-- A day without orders is not among those that were counted.
HAVING LOGICAL_AND(counted.business_date < audit.business_date)
    AND COUNTIF(counted.orders >= 20) = 4
{%- endmacro %}
