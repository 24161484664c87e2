{#
  One check. The statement in the call block selects the failing rows and describes each in `sample`. Every check returns
  one row, also when nothing fails or the table is empty: then failing_rows is 0.

  `name` states the rule. When it is broken, the report shows "26 <found> (for example <sample>)", what that means for
  the figures (`meaning`), and what to do about it (`action`, required for severity `warn`). In `{refund is|refunds are}`
  of `found`, the first form is singular and the second plural. `weight`: 3 where figures are wrong or incomplete, 2 where
  they may be, 1 where they are not.

  A `dated` check covers all days that the load touched: its statement also returns `business_date` and `run_id`. Failing
  rows of other days that this run loaded are counted in `other_rows`; older ones belong to the reports of those days. A
  file with a dated check imports the macro `with context`.
#}
{% macro check(name, severity, found, meaning, action="", weight=2, dated=False) -%}
SELECT
    '{{ name }}' AS check_name,
    '{{ severity }}' AS severity,
    {% if dated %}
    COUNTIF(failing.business_date = {{ business_date }}) AS failing_rows,
    {% else %}
    COUNT(*) AS failing_rows,
    {% endif %}
    '{{ found }}' AS found,
    '{{ meaning }}' AS meaning,
    '{{ action }}' AS action,
    {{ weight }} AS weight,
    {% if dated %}
    MIN(IF(failing.business_date = {{ business_date }}, failing.sample, NULL)) AS sample,
    COUNTIF(failing.business_date <> {{ business_date }}) AS other_rows,
    MIN(IF(failing.business_date <> {{ business_date }}, failing.sample, NULL)) AS other_sample,
    STRING_AGG(
        DISTINCT IF(failing.business_date <> {{ business_date }}, CAST(failing.business_date AS STRING), NULL), ' '
    ) AS other_days
    {% else %}
    MIN(failing.sample) AS sample,
    0 AS other_rows,
    CAST(NULL AS STRING) AS other_sample,
    CAST(NULL AS STRING) AS other_days
    {% endif %}
FROM (
{{ caller() | trim | indent(4, first=True) }}
) AS failing
{% if dated %}
WHERE failing.business_date = {{ business_date }} OR failing.run_id = @run_id
{% endif %}
{%- endmacro %}
