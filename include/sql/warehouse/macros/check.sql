{#
  One check: the statement inside the call finds what is wrong, one row each, and describes it in `sample`. There is a
  row for every check, also when it finds nothing or the table is empty: then failing_rows is 0.
#}
{% macro check(name, severity) -%}
SELECT
    '{{ name }}' AS check_name,
    '{{ severity }}' AS severity,
    COUNT(*) AS failing_rows,
    MIN(failing.sample) AS sample
FROM (
{{ caller() | trim | indent(4, first=True) }}
) AS failing
{%- endmacro %}
