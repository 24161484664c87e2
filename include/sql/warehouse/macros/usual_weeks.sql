{#
  One row per day of `days` with the sums of a usual week: the medians of the eight calendar weeks, Monday to Sunday, before
  the week of the day, without those with a day that is not known or not complete; NULL without any other. `days` is
  a CTE with the column business_date, `known` one with the rows of `known_days`. Columns: business_date, usual_week (gross
  sales), net_usual_week.
#}
{% macro usual_weeks(days, known) -%}
WITH weeks AS (
        SELECT
            days.business_date,
            weeks_ago,
            SUM(known.gross_sales) AS gross_sales,
            SUM(known.net_sales) AS net_sales
        FROM {{ days }} AS days
        CROSS JOIN UNNEST(GENERATE_ARRAY(1, 8)) AS weeks_ago
        -- The emulator truncates no date to a week that begins on Monday.
        CROSS JOIN UNNEST(GENERATE_ARRAY(0, 6)) AS weekday
        INNER JOIN {{ known }} AS known
            ON
                DATE_SUB(
                    days.business_date,
                    INTERVAL MOD(EXTRACT(DAYOFWEEK FROM days.business_date) + 5, 7) + 7 * weeks_ago - weekday DAY
                ) = known.business_date
        WHERE known.is_complete
        GROUP BY days.business_date, weeks_ago
        HAVING COUNT(*) = 7
    ),

    places AS (
        SELECT
            business_date,
            gross_sales,
            net_sales,
            COUNT(*) OVER (PARTITION BY business_date) AS last_place,
            ROW_NUMBER() OVER (PARTITION BY business_date ORDER BY gross_sales) AS gross_place,
            ROW_NUMBER() OVER (PARTITION BY business_date ORDER BY net_sales) AS net_place
        FROM weeks
    )

    -- One place is in the middle, or two.
    SELECT
        days.business_date,
        {% for kind, column in [("gross", "usual_week"), ("net", "net_usual_week")] %}
        CAST(
            AVG(IF(ABS(2 * places.{{ kind }}_place - places.last_place - 1) <= 1, places.{{ kind }}_sales, NULL)) AS BIGNUMERIC
        ) AS {{ column }}{{ "," if not loop.last }}
        {% endfor %}
    FROM {{ days }} AS days
    LEFT JOIN places
        ON days.business_date = places.business_date
    GROUP BY days.business_date
{%- endmacro %}
