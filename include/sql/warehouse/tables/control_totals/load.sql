-- A second load of a run replaces the rows of its sources, except those of files that it did not read.
{% if stored["load_audit"] %}
DELETE FROM `sales.control_totals` AS stored
WHERE
    stored.business_date = {{ business_date }}
    AND stored.run_id IN (SELECT run_id FROM `sales_staging.load_audit`)
    AND stored.source IN (SELECT source FROM `sales_staging.load_audit`)
    AND (
        stored.file IS NULL
        OR stored.file IN (SELECT file FROM `sales_staging.loaded_files`)
    );

{% endif %}
{% if "control_totals" in arriving %}
INSERT INTO `sales.control_totals` (
    {{ columns("control_totals") | map(attribute="name") | join(", ") }}
)
SELECT
    {{ columns("control_totals") | map(attribute="name") | join(",\n    ") }}
FROM `sales_staging.control_totals`;
{% endif %}
