{% from "warehouse/macros/keys.sql" import all_days, keys with context %}
{% from "warehouse/macros/replace.sql" import insert_arriving with context %}
-- Keeps one row of each key, of the newest read, in the tables that have `copies`. Only days with copies are written: a
-- statement may change 4,000 partitions.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

{% for name in copies %}
{% set names = columns(name) | map(attribute="name") | list %}
MERGE INTO {{ table(name) }} AS stored
USING (
    WITH copied AS (
        SELECT
            {{ names | join(", ") }},
            TO_JSON_STRING(STRUCT({{ keys[name] | join(", ") }})) AS copied_key
        FROM {{ table(name) }}
        WHERE {{ all_days(name) }}
        QUALIFY COUNT(*) OVER (PARTITION BY {{ keys[name] | join(", ") }}) > 1
    )

    SELECT
        {{ names | join(", ") }},
        CAST(NULL AS STRING) AS removed_key
    FROM copied
    WHERE TRUE
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY copied_key
            ORDER BY {{ "read_at DESC, run_id DESC, " if "read_at" in names and "run_id" in names }}TO_JSON_STRING(copied)
        ) = 1
    UNION ALL
    SELECT
        {% for column in names %}
        NULL AS {{ column }},
        {% endfor %}
        copied_key AS removed_key
    FROM (SELECT DISTINCT copied_key FROM copied) AS removed
) AS arriving
    ON
        {{ all_days(name, "stored.") }}
        AND TO_JSON_STRING(STRUCT(stored.{{ keys[name] | join(", stored.") }})) = arriving.removed_key
WHEN MATCHED THEN
    DELETE
WHEN NOT MATCHED AND arriving.removed_key IS NULL THEN
{{ insert_arriving(name) }}

{% endfor %}
COMMIT TRANSACTION;
