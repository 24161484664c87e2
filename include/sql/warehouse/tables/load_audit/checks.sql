{% from "warehouse/macros/audit.sql" import own with context %}
{% from "warehouse/macros/check.sql" import check %}
{% macro of_this_run() %}
    business_date = {{ business_date }}
    AND run_id = @run_id
    AND {{ own("load_audit") }}
{% endmacro %}
{% call check("load_audit: every record read was accepted, rejected or superseded", "error") %}
SELECT source AS sample
FROM {{ table("load_audit") }} AS load_audit
WHERE
    {{ of_this_run() | trim }}
    AND status IN ('success', 'history')
    AND COALESCE(rows_read <> rows_accepted + rows_rejected + rows_superseded, TRUE)
{% endcall %}

UNION ALL
-- Orders are missing only if records were rejected.
{% call check("load_audit: the orders the source counts are in the warehouse", "error") %}
SELECT
    CONCAT(
        source, ' has ', CAST(source_orders AS STRING), ' orders, ', CAST(orders_loaded AS STRING), ' were loaded'
    ) AS sample
FROM {{ table("load_audit") }} AS load_audit
WHERE
    {{ of_this_run() | trim }}
    AND status IN ('success', 'history')
    AND (source_orders < orders_loaded OR source_orders > orders_loaded + rows_rejected)
{% endcall %}

UNION ALL
{% call check("load_audit: the amount the source sums up is in the warehouse", "error") %}
SELECT
    CONCAT(
        source, ' has ', CAST(source_amount AS STRING), ', ', CAST(amount_loaded AS STRING), ' were loaded'
    ) AS sample
FROM {{ table("load_audit") }} AS load_audit
WHERE
    {{ of_this_run() | trim }}
    AND status IN ('success', 'history')
    AND rows_rejected + rows_superseded = 0
    AND source_amount <> amount_loaded
{% endcall %}

UNION ALL
{% call check("load_audit: no amount is missing because of rejected records", "warn") %}
SELECT
    CONCAT(
        source, ' has ', CAST(source_amount AS STRING), ', ', CAST(amount_loaded AS STRING), ' were loaded'
    ) AS sample
FROM {{ table("load_audit") }} AS load_audit
WHERE
    {{ of_this_run() | trim }}
    AND status IN ('success', 'history')
    AND rows_rejected > 0
    AND source_amount <> amount_loaded
{% endcall %}

UNION ALL
{% call check("load_audit: at most 1 % of a source is rejected", "warn") %}
SELECT
    CONCAT(source, ': ', CAST(rows_rejected AS STRING), ' of ', CAST(rows_read AS STRING), ' records') AS sample
FROM {{ table("load_audit") }} AS load_audit
WHERE
    {{ of_this_run() | trim }}
    AND rows_rejected * 100 > rows_read
{% endcall %}

UNION ALL
-- A handful of broken records in a small file is no reason to hold the report back. The first part of an export has
-- the records of all files that no day could be read from: those are judged before anything is loaded.
{% call check("load_audit: at most 20 % of a source is rejected (more than 50 records)", "error") %}
SELECT
    CONCAT(source, ': ', CAST(rows_rejected AS STRING), ' of ', CAST(rows_read AS STRING), ' records') AS sample
FROM {{ table("load_audit") }} AS load_audit
WHERE
    {{ of_this_run() | trim }}
    AND status <> 'history'
    AND rows_rejected > 50
    AND rows_rejected * 5 > rows_read
{% endcall %};
