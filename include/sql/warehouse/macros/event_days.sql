{#
  The days from `first` to `last` whose web events were read completely: by a run of that day, or by reads without an
  upper bound, each continuing where the previous one ended. A day whose events were read only by the runs of other days
  would look like a slump.
#}
{% macro event_days(first, last) -%}
SELECT business_date
    FROM `sales.load_audit`
    WHERE
        business_date BETWEEN {{ first }} AND {{ last }}
        AND source = 'web_events'
        AND status = 'success'
    UNION DISTINCT
    SELECT day AS business_date
    FROM (
        SELECT
            DATE(MIN(window_start), {{ shop_timezone }}) AS began_on,
            DATE(MAX(window_end), {{ shop_timezone }}) AS ended_on
        FROM `sales.load_audit`
        WHERE
            business_date >= DATE '0001-01-01'
            AND source = 'web_events'
            AND status = 'success'
            AND window_end = read_at
    ) AS newest_reads
    CROSS JOIN UNNEST(GENERATE_DATE_ARRAY({{ first }}, {{ last }})) AS day
    WHERE day > newest_reads.began_on AND day < newest_reads.ended_on
{%- endmacro %}
