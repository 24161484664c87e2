{% from "warehouse/macros/audit.sql" import own with context %}
{% from "warehouse/macros/check.sql" import check %}
{% macro of_this_run() %}
    business_date = {{ business_date }}
    AND run_id = @run_id
    AND {{ own("load_audit") }}
{% endmacro %}
{% call check(
    "load_audit: every record read was accepted, rejected or superseded",
    "error",
    "{source has|sources have} records that were neither loaded nor rejected nor replaced by a newer version",
    "records were lost on the way, or counted twice",
) %}
SELECT source AS sample
FROM {{ table("load_audit") }} AS load_audit
WHERE
    {{ of_this_run() | trim }}
    AND status IN ('success', 'history')
    AND COALESCE(rows_read <> rows_accepted + rows_rejected + rows_superseded, TRUE)
{% endcall %}

UNION ALL
-- Orders are missing only if records were rejected.
{% call check(
    "load_audit: the orders the source counts are in the warehouse",
    "error",
    "{source has|sources have} another number of orders than was loaded",
    "orders are missing from the figures, or in them twice",
) %}
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
{% call check(
    "load_audit: the amount the source sums up is in the warehouse",
    "error",
    "{source adds|sources add} up to another amount than was loaded, although nothing was rejected",
    "the figures are wrong by the difference",
) %}
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
{% call check(
    "load_audit: no amount is missing because of rejected records",
    "warn",
    "{source has|sources have} another amount than was loaded, because records were rejected",
    "the figures lack these records; rejected_rows has the reasons",
    "mend what Rejected rows names at the source, then make repair DAY=<day> SOURCE=<source>",
    3,
) %}
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
{% call check(
    "load_audit: at most 1 % of a source is rejected",
    "warn",
    "{source had|sources had} more than 1 % of the records rejected",
    "the figures lack these records; rejected_rows has the reasons",
    "mend what Rejected rows names at the source, then make repair DAY=<day> SOURCE=<source>",
    3,
) %}
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
{% call check(
    "load_audit: at most 20 % of a source is rejected (more than 50 records)",
    "error",
    "{source had|sources had} more than 20 % of the records rejected",
    "too much is missing for a report; rejected_rows has the reasons: mend them at the source and run the day again",
) %}
SELECT
    CONCAT(source, ': ', CAST(rows_rejected AS STRING), ' of ', CAST(rows_read AS STRING), ' records') AS sample
FROM {{ table("load_audit") }} AS load_audit
WHERE
    {{ of_this_run() | trim }}
    AND status <> 'history'
    AND rows_rejected > 50
    AND rows_rejected * 5 > rows_read
{% endcall %};
