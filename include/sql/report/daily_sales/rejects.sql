{% from "warehouse/macros/deliveries.sql" import is_of_day %}
-- Rejected rows of the day's runs and of the files named for the day, which runs of the next seven days may have loaded:
-- the first {{ most }} of each source and reason, and the number of rows with that reason.
-- Sorted by order, because row numbers of records without a file change between reads.
SELECT
    rejected.source,
    rejected.reason,
    COUNT(*) OVER (PARTITION BY rejected.source, rejected.reason) AS reason_rows,
    rejected.file,
    rejected.row_number,
    rejected.order_id,
    rejected.detail,
    rejected.raw
FROM `sales.rejected_rows` AS rejected
WHERE rejected.business_date BETWEEN DATE_SUB({{ report_day }}, INTERVAL 1 DAY) AND DATE_ADD({{ report_day }}, INTERVAL 7 DAY)
    AND (rejected.business_date = {{ report_day }} OR (rejected.row_number > 0 AND {{ is_of_day("rejected", report_day) }}))
    AND rejected.source IN (
        SELECT audit.source
        FROM `sales.load_audit` AS audit
        WHERE audit.business_date = {{ report_day }}
            AND (audit.source IN ({{ sources }}) OR audit.status = 'history')
    )
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY rejected.source, rejected.reason
    ORDER BY rejected.order_id, rejected.file, rejected.row_number
) <= {{ most }}
ORDER BY rejected.source, rejected.reason, rejected.order_id, rejected.file, rejected.row_number
