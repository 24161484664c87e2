-- Figures of an already mailed day that this load changes, seen before daily_summary is replaced.
INSERT INTO {{ table("report_restatements") }} (
    business_date, figure, detected_at, old, `new`, reason
)
WITH figures AS (
    {% for figure in restated_figures %}
    SELECT
        mailed.business_date,
        '{{ figure }}' AS figure,
        mailed.{{ figure }} * NUMERIC '1' AS old_value,
        arriving.{{ figure }} * NUMERIC '1' AS new_value
    FROM {{ table("daily_summary") }} AS mailed
    INNER JOIN {{ staged("daily_summary") }} AS arriving
        ON mailed.business_date = arriving.business_date
    WHERE {{ days("mailed.business_date") }}
    {% if not loop.last %}
    UNION ALL
    {% endif %}
    {% endfor %}
),

causes AS (
    SELECT
        business_date,
        STRING_AGG(cause, ' and ' ORDER BY cause) AS causes
    FROM {{ staged("touched_days") }}
    WHERE cause NOT IN ('the run itself', 'first orders of customers')
    GROUP BY business_date
)

SELECT
    figures.business_date,
    figures.figure,
    run.started_at,
    figures.old_value,
    figures.new_value,
    CONCAT(COALESCE(causes.causes, 'a rerun of the load'), ', run ', run.run_id) AS reason
FROM figures
CROSS JOIN {{ staged("run") }} AS run
LEFT JOIN causes
    ON figures.business_date = causes.business_date
WHERE
    ABS(figures.new_value - figures.old_value) > NUMERIC '0.005'
    AND figures.business_date IN (
        SELECT deliveries.business_date
        FROM {{ table("report_deliveries") }} AS deliveries
        WHERE deliveries.state = 'sent'
    );
