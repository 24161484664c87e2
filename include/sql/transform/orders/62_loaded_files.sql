-- Loadable: one row per file that was read, with its row counts; it need not be read again.

WITH accepted AS (
    SELECT
        typed_lines.file,
        count(*) AS records,
        count(DISTINCT typed_lines.order_id) AS orders,
        sum(typed_lines.gross_amount::DECIMAL(38, 4)) AS amount
    FROM typed_lines
    SEMI JOIN staged_files USING (file)
    ANTI JOIN repeated_lines USING (file, row_number)
    ANTI JOIN left_out_versions USING (order_id, version)
    SEMI JOIN written_orders AS orders USING (order_id)
    WHERE typed_lines.fault IS NULL
    GROUP BY typed_lines.file
),

refunds AS (
    SELECT
        file,
        count(*) AS records
    FROM typed_refunds
    WHERE is_accepted
    GROUP BY file
),

payments AS (
    SELECT
        file,
        count(*) AS records
    FROM (
        SELECT file FROM typed_payments
        WHERE is_accepted
        UNION ALL
        SELECT file FROM typed_payouts
        WHERE is_accepted
    ) AS typed
    GROUP BY file
),

rejected AS (
    SELECT
        file,
        count(*) AS records
    FROM read_parquet(getvariable('loadable') || '/rejected_rows.parquet')
    GROUP BY file
)

SELECT
    staged_files.file,
    getvariable('source') AS source,
    staged_files.sha256,
    getvariable('business_date') AS business_date,
    getvariable('run_id') AS run_id,
    staged_files.received_at,
    staged_files.order_ids,
    staged_files.rows_read,
    coalesce(accepted.records, 0) + coalesce(refunds.records, 0) + coalesce(payments.records, 0) AS rows_accepted,
    coalesce(rejected.records, 0) AS rows_rejected,
    staged_files.source_orders,
    coalesce(accepted.orders, 0) AS orders_loaded,
    -- A sum that exceeds the column becomes NULL, so that other files are still loaded.
    try_cast(staged_files.source_amount AS DECIMAL(18, 4)) AS source_amount,
    try_cast(coalesce(accepted.amount, 0) AS DECIMAL(18, 4)) AS amount_loaded,
    list_transform(staged_files.warnings, LAMBDA one: mask_e_mails(one)) AS warnings
FROM staged_files
LEFT JOIN accepted USING (file)
LEFT JOIN refunds USING (file)
LEFT JOIN payments USING (file)
LEFT JOIN rejected USING (file);
