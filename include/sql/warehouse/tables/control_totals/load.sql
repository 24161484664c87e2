-- A second load of a run replaces what the first one wrote of the same sources.
DELETE FROM {{ table("control_totals") }} AS stored
WHERE
    stored.business_date = {{ business_date }}
    AND stored.run_id IN (SELECT run_id FROM {{ staged("run") }})
    AND stored.source IN (SELECT source FROM {{ staged("load_audit") }});

INSERT INTO {{ table("control_totals") }} (
    {{ columns("control_totals") | map(attribute="name") | join(", ") }}
)
SELECT
    {{ columns("control_totals") | map(attribute="name") | join(",\n    ") }}
FROM {{ staged("control_totals") }};
