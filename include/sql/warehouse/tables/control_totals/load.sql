-- A second load of a run replaces the rows of its sources, except those of files that it did not read.
{% if stored["load_audit"] %}
DELETE FROM {{ table("control_totals") }} AS stored
WHERE
    stored.business_date = {{ business_date }}
    AND stored.run_id IN (SELECT run_id FROM {{ staged("load_audit") }})
    AND stored.source IN (SELECT source FROM {{ staged("load_audit") }})
    AND (
        stored.file IS NULL
        OR stored.file IN (SELECT file FROM {{ staged("loaded_files") }})
    );

{% endif %}
{% if "control_totals" in arriving %}
INSERT INTO {{ table("control_totals") }} (
    {{ columns("control_totals") | map(attribute="name") | join(", ") }}
)
SELECT
    {{ columns("control_totals") | map(attribute="name") | join(",\n    ") }}
FROM {{ staged("control_totals") }};
{% endif %}
