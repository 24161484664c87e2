{#
  One check: the statement inside the call finds what is wrong, one row each, and describes it in `sample`. There is a
  row for every check, also when it finds nothing or the table is empty: then failing_rows is 0.

  The name says what should be, the other two what people read when it is not so: "26 <found>: <meaning> (for example
  <sample>)". Of `{refund is|refunds are}` in `found`, the first is for one, the second for more.
#}
{% macro check(name, severity, found, meaning) -%}
SELECT
    '{{ name }}' AS check_name,
    '{{ severity }}' AS severity,
    COUNT(*) AS failing_rows,
    '{{ found }}' AS found,
    '{{ meaning }}' AS meaning,
    MIN(failing.sample) AS sample
FROM (
{{ caller() | trim | indent(4, first=True) }}
) AS failing
{%- endmacro %}
