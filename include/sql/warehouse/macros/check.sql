{#
  One check: the statement inside the call finds what is wrong, one row each, and describes it in `sample`. There is a
  row for every check, also when it finds nothing or the table is empty: then failing_rows is 0.

  The name says what should be, the others what people read when it is not so: "26 <found> (for example <sample>)", what
  that means for the figures, and what to do about it, without which no check of severity `warn` is accepted. Of
  `{refund is|refunds are}` in `found`, the first is for one, the second for more. `weight`: 3 where figures are wrong or
  lack something, 2 where they may, 1 where they do not.

  A `dated` check looks at all days that the load touched: the statement also gives `business_date` and `run_id` of what
  is wrong. What the run loaded of other days is counted apart, in `other_rows`; what was wrong there before is for the
  reports of those days. A file with one imports the macro `with context`.
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
