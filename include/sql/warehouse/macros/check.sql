{#
  One check. The statement in the call block selects the failing rows and describes each in `sample`. A check returns a row
  only where something fails: the number of failing rows and an example. The check's row in include/data_warnings.csv, found
  by `name`, has the words of reports and logs. `name` begins with the folder of the table.

  `severity`: `error` stops the run before anything is mailed or announced: for figures that are wrong. `warn` becomes a
  warning of the report: for values that are possible but unlikely.

  Scope, the condition on `business_date` of the statement:
  - an `error` covers all days that the load touched: `{{ days("business_date") }}`;
  - a `warn` about the report covers the run's day: `business_date = {{ business_date }}`;
  - a `warn` about loaded rows is `dated` and covers all days that the load touched: its statement also returns
    `business_date` and `run_id`. Failing rows of other days that this run loaded are a row of their own, with
    `other_days`; older ones belong to the reports of those days. A file with a dated check imports the macro
    `with context`.
#}
{% macro check(name, severity, dated=False) -%}
SELECT
    '{{ name }}' AS check_name,
    '{{ severity }}' AS severity,
    COUNT(*) AS failing_rows,
    MIN(failing.sample) AS sample,
    {% if dated %}
    STRING_AGG(
        DISTINCT IF(failing.business_date <> {{ business_date }}, CAST(failing.business_date AS STRING), NULL), ' '
    ) AS other_days
    {% else %}
    CAST(NULL AS STRING) AS other_days
    {% endif %}
FROM (
{{ caller() | trim | indent(4, first=True) }}
) AS failing
{% if dated %}
WHERE failing.business_date = {{ business_date }} OR failing.run_id = @run_id
GROUP BY failing.business_date <> {{ business_date }}
{% else %}
HAVING COUNT(*) > 0
{% endif %}
{%- endmacro %}
