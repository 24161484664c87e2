{% from "warehouse/macros/deliveries.sql" import unknown_refunds with context %}
{% from "warehouse/macros/replace.sql" import replace_by_staged with context %}
{% set kept = "" %}
{% if stored["refunds"] and "loaded_files" in arriving %}
{% set kept = "(" ~ unknown_refunds() ~ ")" %}
{% endif %}
{% if "refunds" in arriving or stored["refunds"] %}
{{ replace_by_staged("refunds", kept) }}
{% endif %}
