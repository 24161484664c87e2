{#
  One check: the statement inside the call finds what is wrong, one row each, and describes it in `sample`. There is a
  row for every check, also when it finds nothing or the table is empty: then failing_rows is 0.

  The name says what should be, the others what people read when it is not so: "26 <found> (for example <sample>)", what
  that means for the figures, and what to do about it, without which no check of severity `warn` is accepted. Of
  `{refund is|refunds are}` in `found`, the first is for one, the second for more. `weight`: 3 where figures are wrong or
  lack something, 2 where they may, 1 where they do not.
#}
{% macro check(name, severity, found, meaning, action="", weight=2) -%}
SELECT
    '{{ name }}' AS check_name,
    '{{ severity }}' AS severity,
    COUNT(*) AS failing_rows,
    '{{ found }}' AS found,
    '{{ meaning }}' AS meaning,
    '{{ action }}' AS action,
    {{ weight }} AS weight,
    MIN(failing.sample) AS sample
FROM (
{{ caller() | trim | indent(4, first=True) }}
) AS failing
{%- endmacro %}
