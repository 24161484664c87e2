{% from "warehouse/macros/accounts.sql" import accounts with context %}
{% from "warehouse/macros/check.sql" import check %}
{# Judged is what is loaded of the day, so that a rerun which finds nothing new does not change the verdict. #}
{% set correction = "correct what Rejected rows names at the source, then make repair DAY=<day> SOURCE=<source>" %}
WITH of_this_run AS (
    SELECT *
    FROM {{ table("load_audit") }}
    WHERE
        business_date = {{ business_date }}
        AND run_id = @run_id
),

judged AS (
    SELECT
        source,
        status,
        is_delivered,
        rows_read,
        GREATEST(rows_read, most_read) AS most_read,
        rows_rejected,
        rows_superseded,
        read_rejected,
        unaccounted_rows,
        source_orders,
        orders_loaded,
        source_amount,
        amount_loaded,
        files
    FROM (
{{ accounts("business_date = " ~ business_date) | indent(8, first=True) }}
    ) AS accounts
    WHERE
        status <> 'off'
        AND source IN (SELECT of_this_run.source FROM of_this_run)
    {% if takes_exports %}
    UNION ALL
    -- A part of an export is no account of a day.
    SELECT
        source,
        status,
        FALSE AS is_delivered,
        rows_read,
        rows_read AS most_read,
        rows_rejected,
        rows_superseded,
        rows_rejected AS read_rejected,
        rows_read - rows_accepted - rows_rejected - rows_superseded AS unaccounted_rows,
        source_orders,
        orders_loaded,
        source_amount,
        amount_loaded,
        CAST(NULL AS STRING) AS files
    FROM of_this_run
    WHERE status = 'history'
    {% endif %}
)

{% call check(
    "load_audit: every record read was accepted, rejected or superseded",
    "error",
    "{source has|sources have} records that were neither loaded nor rejected nor replaced by a newer version",
    "records were lost on the way, or counted twice",
) %}
SELECT source AS sample
FROM judged
WHERE
    status IN ('success', 'history')
    AND COALESCE(unaccounted_rows <> 0, TRUE)
{% endcall %}

UNION ALL
-- Orders are missing only if records were rejected. Two files may hold one order: the older version is superseded.
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
FROM judged
WHERE
    source_orders < orders_loaded
    OR source_orders > orders_loaded + read_rejected + IF(is_delivered, rows_rejected + rows_superseded, 0)
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
FROM judged
WHERE
    read_rejected + rows_rejected + rows_superseded = 0
    AND source_amount <> amount_loaded
{% endcall %}

UNION ALL
{% call check(
    "load_audit: no amount is missing because of rejected records",
    "warn",
    "{source has|sources have} another amount than was loaded, because records were rejected",
    "the figures lack these records; rejected_rows has the reasons",
    correction,
    3,
) %}
SELECT
    CONCAT(
        source, ' has ', CAST(source_amount AS STRING), ', ', CAST(amount_loaded AS STRING), ' were loaded'
    ) AS sample
FROM judged
WHERE
    rows_rejected > 0
    AND source_amount <> amount_loaded
{% endcall %}

UNION ALL
{% call check(
    "load_audit: at most 1 % of a source is rejected",
    "warn",
    "{source had|sources had} more than 1 % of the records rejected",
    "the figures lack these records; rejected_rows has the reasons",
    correction,
    3,
) %}
SELECT
    CONCAT(
        source, ': ', CAST(rows_rejected AS STRING), ' of ', CAST(most_read AS STRING), ' records',
        COALESCE(CONCAT(', ', files), '')
    ) AS sample
FROM judged
WHERE rows_rejected * 100 > most_read
{% endcall %}

UNION ALL
-- A handful of broken records in a small file is no reason to hold the report back. The first part of an export has
-- the records of all files that no day could be read from: those are judged before anything is loaded.
{% call check(
    "load_audit: at most 20 % of a source is rejected (more than 50 records)",
    "error",
    "{source had|sources had} more than 20 % of the records rejected",
    "too much is missing for a report. A rerun alone changes nothing: correct the records at the source, "
    "or the file and deliver it again",
) %}
SELECT
    CONCAT(
        source, ': ', CAST(rows_rejected AS STRING), ' of ', CAST(most_read AS STRING), ' records',
        COALESCE(CONCAT(', ', files), ''),
        '; then make repair DAY=', CAST({{ business_date }} AS STRING), ' SOURCE=', source
    ) AS sample
FROM judged
WHERE
    status <> 'history'
    AND rows_rejected > 50
    AND rows_rejected * 5 > most_read
{% endcall %};
