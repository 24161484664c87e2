-- A second load of a run replaces the rows of its sources.
DELETE FROM `sales.rejected_rows` AS stored
WHERE
    stored.business_date = {{ business_date }}
    AND stored.run_id IN (SELECT run_id FROM `sales_staging.load_audit`)
    AND stored.source IN (SELECT source FROM `sales_staging.load_audit`);

{% include "warehouse/tables/rejected_rows/insert.sql" %}
