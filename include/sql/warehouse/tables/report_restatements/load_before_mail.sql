{% from "warehouse/macros/headline_figures.sql" import figure_value with context %}
{% from "warehouse/macros/restatement.sql" import is_restated %}
-- Figures that changed after the report was built and before it was mailed: the load that changed them did not know of
-- the mail. The figures of the report are in ten-thousandths, NULL for a missing figure.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

INSERT INTO `sales.report_restatements` (
    business_date, figure, detected_at, old, `new`, reason
)
WITH figures AS (
    SELECT
        figure,
        CASE figure
            {% for figure in reported %}
            WHEN '{{ figure }}' THEN CAST({{ reported[figure] }} AS INT64)
            {% endfor %}
        END / NUMERIC '10000' AS old_value,
        CASE figure
            {% for figure in reported %}
            WHEN '{{ figure }}' THEN {{ figure_value("summary", figure) }}
            {% endfor %}
        END * NUMERIC '1' AS new_value
    FROM `sales.daily_summary` AS summary
    CROSS JOIN UNNEST(['{{ reported | join("', '") }}']) AS figure
    WHERE summary.business_date = {{ business_date }}
)

SELECT
    {{ business_date }} AS business_date,
    figures.figure,
    {{ detected_at }} AS detected_at,
    figures.old_value,
    figures.new_value,
    'changed between the figures of the report and its mail' AS reason
FROM figures
WHERE
    {{ is_restated("figures.old_value", "figures.new_value") }}
    AND NOT EXISTS (
        SELECT 1
        FROM `sales.report_restatements` AS recorded
        WHERE
            recorded.business_date = {{ business_date }}
            AND recorded.figure = figures.figure
            AND recorded.`new` IS NOT DISTINCT FROM figures.new_value
            AND recorded.detected_at >= {{ figures_at }}
    );

COMMIT TRANSACTION;
