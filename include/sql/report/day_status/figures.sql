{% from "warehouse/macros/headline_figures.sql" import figure_value with context %}
-- Current figures of business days, earliest first, and the number of their mailed reports.
SELECT
    summary.business_date,
    {% for name in headline_figures %}
    {{ figure_value("summary", name) }} AS {{ name }},
    {% endfor %}
    summary.complete,
    COALESCE(summary.missing_sources, []) AS missing_sources,
    COALESCE(summary.empty_sources, []) AS empty_sources,
    COALESCE(mailed.mail_count, 0) AS mail_count
FROM `sales.daily_summary` AS summary
LEFT JOIN (
    SELECT
        business_date,
        COUNT(*) AS mail_count
    FROM `sales.report_deliveries`
    WHERE
        state = 'sent'
        AND subscription IS NULL
        AND business_date BETWEEN {{ first }} AND {{ day }}
    GROUP BY business_date
) AS mailed
    ON summary.business_date = mailed.business_date
WHERE summary.business_date BETWEEN {{ first }} AND {{ day }}
ORDER BY summary.business_date
