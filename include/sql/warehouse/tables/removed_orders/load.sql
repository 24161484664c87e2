{% from "warehouse/macros/replace.sql" import replace_orders with context %}
{% if stored["removed_orders"] %}
-- Orders that were removed, so that an older read does not add them again. Orders of an undone export are not recorded:
-- the export may be loaded again with the same versions.
{% call replace_orders("removed_orders", "TRUE") %}
SELECT
    replaced.source,
    replaced.order_id,
    replaced.version_updated_at,
    replaced.read_at,
    audit.run_id,
    CAST(NULL AS STRING) AS replaced_source,
    CAST(NULL AS STRING) AS replaced_order_id
FROM `sales_staging.replaced_orders` AS replaced
INNER JOIN `sales_staging.load_audit` AS audit
    ON
        replaced.source = audit.source
        AND audit.business_date = {{ business_date }}
LEFT JOIN `sales_staging.orders` AS staged
    ON
        replaced.source = staged.source
        AND replaced.order_id = staged.order_id
WHERE
    staged.order_id IS NULL
    AND audit.status <> 'history'
{% endcall %}
{% endif %}
