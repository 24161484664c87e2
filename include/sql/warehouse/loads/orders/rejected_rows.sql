{% from "warehouse/macros/rejects.sql" import is_old with context %}
{% if stored["rejected_rows"] %}
DELETE FROM `sales.rejected_rows` AS stored
WHERE
    {{ any_of(stored["rejected_rows"], "stored.business_date") }}
    AND {{ is_old() }};

{% endif %}
{% if "rejected_rows" in arriving %}
{% include "warehouse/tables/rejected_rows/insert.sql" %}
{% endif %}
