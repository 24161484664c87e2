{#
  Whether a row of load_audit belongs to the domain that loads or asks (its LoadSpec): it is of one of its sources.
  Exports have names of their own; their rows, with the status `history`, belong to the domain that takes exports.
#}
{% macro in_scope(audit) -%}
({{ audit }}.source IN ({{ sources }}) {{ "OR" if takes_exports else "AND NOT" }} {{ audit }}.status = 'history')
{%- endmacro %}
