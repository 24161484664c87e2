{% from "warehouse/macros/deliveries.sql" import is_of_day %}
-- Warnings about the files of the day and those that its runs loaded, as long as the deliveries are in force; and about
-- files that no run of the day could use (`file`, `detail`). `is_loaded`: an earlier delivery of the file is loaded.
SELECT DISTINCT
    warning,
    CAST(NULL AS STRING) AS file,
    CAST(NULL AS STRING) AS detail,
    FALSE AS is_loaded
FROM `sales.loaded_files` AS loaded
CROSS JOIN UNNEST(warnings) AS warning
WHERE {{ is_of_day("loaded", report_day) }}
UNION ALL
SELECT
    CAST(NULL AS STRING) AS warning,
    refused.file,
    COALESCE(refused.detail, refused.reason) AS detail,
    loaded.file IS NOT NULL AS is_loaded
FROM `sales.rejected_rows` AS refused
LEFT JOIN `sales.loaded_files` AS loaded
    ON
        refused.source = loaded.source
        AND refused.file = loaded.file
WHERE
    refused.business_date = {{ report_day }}
    AND refused.source IN ({{ sources }})
    AND refused.row_number = 0
ORDER BY warning, file
