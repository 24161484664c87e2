-- Loadable: one row per file that was read, with its row counts; it need not be read again.

WITH files AS (
    FROM with_source('staged_files')
),

accepted AS (
    SELECT
        typed_lines.source,
        typed_lines.file,
        count(*) AS records,
        count(DISTINCT typed_lines.order_id) AS orders,
        sum(typed_lines.gross_amount::DECIMAL(38, 4)) AS amount
    FROM typed_lines
    SEMI JOIN files USING (source, file)
    ANTI JOIN repeated_lines USING (source, file, row_number)
    ANTI JOIN left_out_versions USING (order_id, version)
    SEMI JOIN written_orders AS orders USING (source, order_id)
    WHERE typed_lines.fault IS NULL
    GROUP BY typed_lines.source, typed_lines.file
),

refunds AS (
    SELECT
        source,
        file,
        count(*) AS records
    FROM typed_refunds
    WHERE is_accepted
    GROUP BY source, file
),

payments AS (
    SELECT
        source,
        file,
        count(*) AS records
    FROM (
        SELECT
            source,
            file
        FROM typed_payments
        WHERE is_accepted
        UNION ALL
        SELECT
            source,
            file
        FROM typed_payouts
        WHERE is_accepted
    ) AS typed
    GROUP BY source, file
),

rejected AS (
    SELECT
        source,
        file,
        count(*) AS records
    FROM written_rejected_rows
    GROUP BY source, file
)

SELECT
    files.file,
    files.source::VARCHAR AS source,
    files.sha256,
    getvariable('business_date') AS business_date,
    getvariable('run_id') AS run_id,
    files.received_at,
    files.order_ids,
    files.rows_read,
    coalesce(accepted.records, 0) + coalesce(refunds.records, 0) + coalesce(payments.records, 0) AS rows_accepted,
    coalesce(rejected.records, 0) AS rows_rejected,
    files.source_orders,
    coalesce(accepted.orders, 0) AS orders_loaded,
    -- A sum that exceeds the column becomes NULL, so that other files are still loaded.
    try_cast(files.source_amount AS DECIMAL(18, 4)) AS source_amount,
    try_cast(coalesce(accepted.amount, 0) AS DECIMAL(18, 4)) AS amount_loaded,
    list_transform(files.warnings, LAMBDA one: mask_e_mails(one)) AS warnings
FROM files
LEFT JOIN accepted USING (source, file)
LEFT JOIN refunds USING (source, file)
LEFT JOIN payments USING (source, file)
LEFT JOIN rejected USING (source, file);
