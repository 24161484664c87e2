{% from "warehouse/macros/audit_scope.sql" import daily_audit with context %}
{% from "warehouse/macros/deliveries.sql" import is_of_day %}
{#
  Load totals of each business day and source: what is loaded of the day, whichever run read it. Without exports.

  - Sources with delivered files: the latest delivery of every file that is named for the day or was loaded by a run of
    the day, and the files that no run could use.
  - Other sources: the latest read after the end of the day; before it, the latest read of the running day (`is_closed`
    is FALSE). Their rejected records are the day's rows of `rejected_rows`, which stay until the record is read again.

  `chosen` is the condition on `business_date`. `status` is that of the latest run, even if another run read the source.
  `most_read` is the largest number of records that a run of the day read, so that a rerun that reads less does not raise
  the share of rejected records. `unaccounted_rows` is not 0 when records were lost or counted twice. `read_rejected` is
  the number of records that the read itself rejected. `files` lists up to three files with the most rejected records,
  `refused_files` the unusable ones.
#}
{% macro load_totals(chosen) -%}
WITH audit AS (
    SELECT
        *,
        status <> 'success' OR DATE(read_at, {{ shop_timezone }}) > business_date AS is_closed
    FROM (
{{ daily_audit(chosen) | indent(8, first=True) }}
    ) AS daily
),

latest AS (
    SELECT *
    FROM audit
    WHERE TRUE  -- required by QUALIFY
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY business_date, source
        ORDER BY is_closed DESC, run_at DESC, read_at DESC, run_id DESC
    ) = 1
),

reads AS (
    SELECT
        *,
        IF(
            is_closed,
            MAX(IF(is_closed, rows_read, 0)) OVER (PARTITION BY business_date, source),
            SUM(rows_read) OVER (PARTITION BY business_date, source)
        ) AS most_read
    FROM audit
    WHERE status = 'success'
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY business_date, source
        ORDER BY is_closed DESC, read_at DESC, run_id DESC
    ) = 1
),

deliveries AS (
    SELECT
        latest.business_date,
        latest.source,
        COALESCE(SUM(loaded.rows_read), 0) AS rows_read,
        COALESCE(SUM(loaded.rows_accepted), 0) AS rows_accepted,
        COALESCE(SUM(loaded.rows_rejected), 0) AS rows_rejected,
        COALESCE(SUM(loaded.source_orders), 0) AS source_orders,
        COALESCE(SUM(loaded.orders_loaded), 0) AS orders_loaded,
        COALESCE(SUM(loaded.source_amount), 0) AS source_amount,
        COALESCE(SUM(loaded.amount_loaded), 0) AS amount_loaded
    FROM latest
    LEFT JOIN `sales.loaded_files` AS loaded
        ON latest.source = loaded.source
        AND {{ is_of_day("loaded", "latest.business_date") }}
    WHERE latest.source IN (SELECT delivered.source FROM `sales.loaded_files` AS delivered)
    GROUP BY latest.business_date, latest.source
),

rejected AS (
    SELECT
        business_date,
        source,
        COUNT(*) AS records,
        COUNTIF(row_number = 0) AS unusable_files,
        STRING_AGG(IF(row_number = 0, file, NULL), ', ' ORDER BY file) AS refused_files
    FROM `sales.rejected_rows`
    WHERE {{ chosen }}
        AND source IN ({{ sources }})
    GROUP BY business_date, source
),

rejected_files AS (
    SELECT
        business_date,
        source,
        STRING_AGG(CONCAT(file, ': ', CAST(records AS STRING)), ', ' ORDER BY records DESC, file) AS files
    FROM (
        SELECT *
        FROM (
            SELECT
                latest.business_date,
                latest.source,
                loaded.file,
                loaded.rows_rejected AS records
            FROM latest
            INNER JOIN `sales.loaded_files` AS loaded
                ON latest.source = loaded.source
                AND {{ is_of_day("loaded", "latest.business_date") }}
            WHERE loaded.rows_rejected > 0
            UNION ALL
            SELECT
                business_date,
                source,
                file,
                1 AS records
            FROM `sales.rejected_rows`
            WHERE {{ chosen }}
                AND source IN (SELECT delivered.source FROM `sales.loaded_files` AS delivered)
                AND row_number = 0
        ) AS files
        WHERE TRUE  -- required by QUALIFY
        QUALIFY ROW_NUMBER() OVER (PARTITION BY business_date, source ORDER BY records DESC, file) <= 3
    ) AS worst
    GROUP BY business_date, source
),

counted AS (
    SELECT
        latest.business_date,
        latest.source,
        latest.status,
        latest.is_closed,
        latest.missing_deliveries,
        reads.run_id,
        reads.read_at,
        reads.window_start,
        reads.window_end,
        reads.most_read,
        deliveries.source IS NOT NULL AS is_delivered,
        reads.rows_rejected AS read_rejected,
        reads.rows_read - reads.rows_accepted - reads.rows_rejected - reads.rows_superseded AS unaccounted_rows,
        IF(deliveries.source IS NOT NULL, deliveries.rows_accepted, reads.rows_accepted) AS rows_accepted,
        IF(
            deliveries.source IS NOT NULL,
            deliveries.rows_rejected + COALESCE(rejected.unusable_files, 0),
            IF(reads.rows_read IS NULL, NULL, COALESCE(rejected.records, 0))
        ) AS rows_rejected,
        IF(
            deliveries.source IS NOT NULL,
            deliveries.rows_read - deliveries.rows_accepted - deliveries.rows_rejected,
            reads.rows_superseded
        ) AS rows_superseded,
        IF(deliveries.source IS NOT NULL, 0, reads.rows_read) AS records_of_read,
        IF(deliveries.source IS NOT NULL, deliveries.source_orders, reads.source_orders) AS source_orders,
        IF(deliveries.source IS NOT NULL, deliveries.orders_loaded, reads.orders_loaded) AS orders_loaded,
        IF(deliveries.source IS NOT NULL, deliveries.source_amount, reads.source_amount) AS source_amount,
        IF(deliveries.source IS NOT NULL, deliveries.amount_loaded, reads.amount_loaded) AS amount_loaded,
        rejected_files.files,
        rejected.refused_files
    FROM latest
    LEFT JOIN reads
        ON latest.business_date = reads.business_date
        AND latest.source = reads.source
    LEFT JOIN deliveries
        ON latest.business_date = deliveries.business_date
        AND latest.source = deliveries.source
    LEFT JOIN rejected
        ON latest.business_date = rejected.business_date
        AND latest.source = rejected.source
    LEFT JOIN rejected_files
        ON latest.business_date = rejected_files.business_date
        AND latest.source = rejected_files.source
)

SELECT
    * EXCEPT (records_of_read, rows_accepted),
    -- Only rejected records may explain missing orders. Two files may contain one order: the older version is
    -- superseded.
    CASE
        WHEN source_orders < orders_loaded THEN source_orders - orders_loaded
        WHEN source_orders > orders_loaded + read_rejected + IF(is_delivered, rows_rejected + rows_superseded, 0)
            THEN source_orders - orders_loaded
        ELSE 0
    END AS lost_orders,
    GREATEST(records_of_read, rows_accepted + rows_rejected + rows_superseded) AS rows_read,
    GREATEST(records_of_read - rows_rejected - rows_superseded, rows_accepted) AS rows_accepted
FROM counted
{%- endmacro %}

{#
  Control totals by currency: the amount that each source reports, and how much of it was loaded, superseded or rejected.
  An `unexplained_amount` that `is_loss` is lost. `load_totals` is the name of a CTE with the macro above.
#}
{% macro currency_totals(load_totals, chosen) -%}
SELECT
    totals.business_date,
    totals.source,
    totals.currency,
    SUM(totals.source_amount) AS source_amount,
    SUM(totals.loaded_amount) AS loaded_amount,
    SUM(totals.superseded_amount) AS superseded_amount,
    SUM(totals.rejected_amount) AS rejected_amount,
    SUM(
        totals.source_amount - totals.loaded_amount - totals.superseded_amount - totals.rejected_amount
    ) AS unexplained_amount
FROM `sales.control_totals` AS totals
INNER JOIN {{ load_totals }} AS load_totals
    ON totals.business_date = load_totals.business_date
    AND totals.source = load_totals.source
LEFT JOIN `sales.loaded_files` AS loaded
    ON totals.source = loaded.source
    AND totals.file = loaded.file
    AND totals.run_id = loaded.run_id
    AND totals.business_date = loaded.business_date
WHERE {{ chosen }}
    AND IF(load_totals.is_delivered, loaded.file IS NOT NULL, totals.run_id = load_totals.run_id)
GROUP BY totals.business_date, totals.source, totals.currency
{%- endmacro %}

{# Whether an amount is lost: rejected amounts are rounded to four decimals, line by line. #}
{% macro is_loss(unexplained_amount) -%}
ABS({{ unexplained_amount }}) >= 0.01
{%- endmacro %}
