{% from "warehouse/macros/headline_figures.sql" import figure_value with context %}
{% from "warehouse/macros/restatement.sql" import is_restated %}
{% if stored["report_deliveries"] %}
-- Figures of mailed days that this load changes; runs after daily_summary is replaced.
INSERT INTO `sales.report_restatements` (
    business_date, figure, detected_at, old, `new`, reason, causes
)
WITH figures AS (
    SELECT
        before_load.business_date,
        before_load.looked_up_at,
        before_load.change_causes,
        figure,
        {% for name in ["before_load", "arriving"] %}
        CASE figure
            {% for figure in headline_figures %}
            WHEN '{{ figure }}' THEN {{ figure_value(name, figure) }}
            {% endfor %}
        END * NUMERIC '1' AS {{ "old_value" if loop.first else "new_value" }},
        {% endfor %}
        IF(figure IN ('new_customers', 'returning_customers'), before_load.customer_causes, NULL) AS customer_causes
    FROM `sales_staging.touched_days` AS before_load
    INNER JOIN `sales.daily_summary` AS arriving
        ON before_load.business_date = arriving.business_date
    CROSS JOIN UNNEST(['{{ headline_figures | join("', '") }}']) AS figure
    WHERE
        {{ days("arriving.business_date") }}
        AND before_load.is_mailed
        AND before_load.orders IS NOT NULL
),

touched AS (
    SELECT
        touched_days.business_date,
        STRING_AGG(cause, ' and ' ORDER BY cause) AS causes
    FROM `sales_staging.touched_days` AS touched_days
    CROSS JOIN UNNEST(touched_days.causes) AS cause
    WHERE cause NOT IN ('the run itself', 'source switched off or on', 'first orders of customers')
    GROUP BY touched_days.business_date
)

SELECT
    figures.business_date,
    figures.figure,
    figures.looked_up_at AS detected_at,
    figures.old_value,
    figures.new_value,
    CONCAT(
        COALESCE(touched.causes, IF(figures.customer_causes IS NULL, 'a rerun of the load', 'first orders of customers')),
        ', run ', run.run_id
    ) AS reason,
    -- Whether a customer is new also depends on other days; that is the cause when nothing on the day itself changed.
    COALESCE(figures.change_causes, figures.customer_causes) AS causes
FROM figures
CROSS JOIN (
    SELECT DISTINCT run_id
    FROM `sales_staging.load_audit`
) AS run
LEFT JOIN touched
    ON figures.business_date = touched.business_date
WHERE {{ is_restated("figures.old_value", "figures.new_value") }};
{% endif %}
