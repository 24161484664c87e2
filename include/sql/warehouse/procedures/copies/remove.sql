{% from "warehouse/macros/keys.sql" import day_column, keys with context %}
{% from "warehouse/macros/replace.sql" import insert_arriving with context %}
-- Keeps one row of each key, of the newest read, in the tables that have `copies`, and rewrites only the days `stored` of
-- rows with copies.
{% macro copied_days(name, alias="") -%}
{{ any_of(stored[name], alias ~ day_column(name)) if stored[name] else "TRUE" }}
{%- endmacro %}
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

{% for name in copies %}
{% set names = columns(name) | map(attribute="name") | list %}
MERGE INTO `sales.{{ name }}` AS stored
USING (
    SELECT {{ names | join(", ") }}
    FROM `sales.{{ name }}` AS copied
    WHERE {{ copied_days(name) }}
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY {{ keys[name] | join(", ") }}
            ORDER BY {{ "read_at DESC, run_id DESC, " if "read_at" in names and "run_id" in names }}TO_JSON_STRING(copied)
        ) = 1
) AS arriving
    ON FALSE
WHEN NOT MATCHED BY SOURCE AND {{ copied_days(name, "stored.") }} THEN
    DELETE
WHEN NOT MATCHED THEN
{{ insert_arriving(name) }}

{% endfor %}
COMMIT TRANSACTION;
