{% from "warehouse/macros/replace.sql" import replace_by_staged with context %}
{% if "refunds" in arriving or stored["refunds"] %}
{{ replace_by_staged("refunds") }}
{% endif %}
