{% from "warehouse/macros/audit.sql" import own with context %}
-- The rows the day's latest read of each source (see sources.sql) rejected: the first {{ most }} of each
-- source and reason, and how many there are of it.
WITH latest AS (
    SELECT
        source,
        run_id
    FROM {{ table("load_audit") }} AS audit
    WHERE business_date = {{ day }}
        AND {{ own("audit") }}
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY source
        ORDER BY IF(run_id = @run_id, 0, 1), read_at DESC, run_id
    ) = 1
)

SELECT
    rejected.source,
    rejected.reason,
    COUNT(*) OVER (PARTITION BY rejected.source, rejected.reason) AS reason_rows,
    rejected.file,
    rejected.row_number,
    rejected.detail,
    rejected.raw
FROM {{ table("rejected_rows") }} AS rejected
INNER JOIN latest
    ON
        rejected.source = latest.source
        AND rejected.run_id = latest.run_id
WHERE rejected.business_date = {{ day }}
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY rejected.source, rejected.reason
    ORDER BY rejected.file, rejected.row_number
) <= {{ most }}
ORDER BY rejected.source, rejected.reason, rejected.file, rejected.row_number
