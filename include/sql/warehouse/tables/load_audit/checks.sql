{% from "warehouse/macros/load_totals.sql" import currency_totals, is_loss, load_totals with context %}
{# Checks the load totals of the day, so that a rerun without new records does not change the result. #}
WITH run_rows AS (
    SELECT *
    FROM `sales.load_audit`
    WHERE
        business_date = {{ business_date }}
        AND run_id = @run_id
),

checked AS (
    SELECT
        business_date,
        source,
        run_id,
        status,
        is_delivered,
        rows_read,
        GREATEST(rows_read, most_read) AS most_read,
        rows_rejected,
        rows_superseded,
        unaccounted_rows,
        lost_orders,
        source_orders,
        orders_loaded,
        source_amount,
        amount_loaded,
        files
    FROM (
{{ load_totals("business_date = " ~ business_date) | indent(8, first=True) }}
    ) AS load_totals
    WHERE
        status <> 'off'
        AND source IN (SELECT run_rows.source FROM run_rows)
    {% if spec.takes_exports %}
    UNION ALL
    -- A part of an export has no load totals of a day.
    SELECT
        business_date,
        source,
        run_id,
        status,
        FALSE AS is_delivered,
        rows_read,
        rows_read AS most_read,
        rows_rejected,
        rows_superseded,
        rows_read - rows_accepted - rows_rejected - rows_superseded AS unaccounted_rows,
        CASE
            WHEN source_orders BETWEEN orders_loaded AND orders_loaded + rows_rejected THEN 0
            ELSE source_orders - orders_loaded
        END AS lost_orders,
        source_orders,
        orders_loaded,
        source_amount,
        amount_loaded,
        CAST(NULL AS STRING) AS files
    FROM run_rows
    WHERE status = 'history'
    {% endif %}
),

checked_amounts AS (
    {{ currency_totals("checked", "totals.business_date = " ~ business_date) | indent(4) }}
)

SELECT
    'load_audit: every record read was accepted, rejected or superseded' AS check_name,
    'error' AS severity,
    source AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM checked
WHERE
    status IN ('success', 'history')
    -- Rows of other runs may have no counts: a run of several days has them under its first day.
    AND COALESCE(unaccounted_rows <> 0, run_id = @run_id)

UNION ALL
SELECT
    'load_audit: the orders the source counts are in the warehouse' AS check_name,
    'error' AS severity,
    CONCAT(
        source, ' has ', CAST(source_orders AS STRING), ' orders, ', CAST(orders_loaded AS STRING), ' were loaded'
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM checked
WHERE lost_orders <> 0

UNION ALL
-- By currency. A source without amounts by currency is checked only when nothing was rejected or superseded.
SELECT
    'load_audit: the amount the source sums up is in the warehouse' AS check_name,
    'error' AS severity,
    CONCAT(
        source, ' has ', FORMAT('%.4f', source_amount), ' ', currency, ', ', FORMAT('%.4f', loaded_amount),
        ' were loaded, ', FORMAT('%.4f', superseded_amount), ' superseded, ', FORMAT('%.4f', rejected_amount),
        ' rejected: ', FORMAT('%.4f', unexplained_amount), ' lost'
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM checked_amounts
WHERE {{ is_loss("unexplained_amount") }}
UNION ALL
SELECT
    'load_audit: the amount the source sums up is in the warehouse' AS check_name,
    'error' AS severity,
    CONCAT(
        source, ' has ', FORMAT('%.4f', source_amount), ', ', FORMAT('%.4f', amount_loaded), ' were loaded'
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM checked
WHERE
    rows_rejected + rows_superseded = 0
    AND source_amount <> amount_loaded
    AND source NOT IN (SELECT checked_amounts.source FROM checked_amounts)
UNION ALL
SELECT
    'load_audit: the amount the source sums up is in the warehouse' AS check_name,
    'error' AS severity,
    CONCAT(
        reading.source, ': ', FORMAT('%.4f', accepted.amount), ' were accepted, ',
        FORMAT('%.4f', reading.amount_loaded), ' were loaded'
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM run_rows AS reading
INNER JOIN (
    SELECT
        source,
        read_at,
        SUM(loaded_amount) AS amount
    FROM `sales.control_totals`
    WHERE
        business_date = {{ business_date }}
        AND run_id = @run_id
    GROUP BY source, read_at
) AS accepted
    ON reading.source = accepted.source
    AND reading.read_at = accepted.read_at
WHERE reading.amount_loaded <> accepted.amount

UNION ALL
SELECT
    'load_audit: no amount is missing because of rejected records' AS check_name,
    'warn' AS severity,
    CONCAT(
        source, ': ', FORMAT('%.4f', rejected_amount), ' ', COALESCE(NULLIF(currency, ''), 'without currency')
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM checked_amounts
WHERE rejected_amount <> 0

UNION ALL
SELECT
    'load_audit: at most 1 % of a source is rejected' AS check_name,
    'warn' AS severity,
    CONCAT(
        source, ': ', CAST(rows_rejected AS STRING), ' of ', CAST(most_read AS STRING), ' records',
        COALESCE(CONCAT(', ', files), '')
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM checked
WHERE rows_rejected * 100 > most_read

UNION ALL
-- A few invalid records in a small file do not hold the report back. Exports are left out: their first part contains
-- the records without a readable day of all files, which are checked before anything is loaded.
SELECT
    'load_audit: at most 20 % of a source is rejected (more than 50 records)' AS check_name,
    'error' AS severity,
    CONCAT(
        source, ': ', CAST(rows_rejected AS STRING), ' of ', CAST(most_read AS STRING), ' records',
        COALESCE(CONCAT(', ', files), ''),
        '; then make repair DAY=', CAST({{ business_date }} AS STRING), ' SOURCE=', source
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM checked
WHERE
    status <> 'history'
    AND rows_rejected > 50
    AND rows_rejected * 5 > most_read
