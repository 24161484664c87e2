INSERT INTO `sales.rejected_rows` (
    business_date, source, run_id, row_number, reason, detail, file, raw, order_id
)
SELECT
    business_date,
    source,
    run_id,
    row_number,
    reason,
    detail,
    file,
    raw,
    order_id
FROM `sales_staging.rejected_rows`;
