-- Figures that changed between the report's figures and its mail: the load that changed them did not know yet that
-- this day would have been mailed. The report's own come as parameters, in ten-thousandths.
INSERT INTO {{ table("report_restatements") }} (
    business_date, figure, detected_at, old, `new`, reason
)
WITH figures AS (
    {% for figure in restated_figures %}
    SELECT
        '{{ figure }}' AS figure,
        CAST(@{{ figure }} AS INT64) / NUMERIC '10000' AS old_value,
        {{ figure }} * NUMERIC '1' AS new_value
    FROM {{ table("daily_summary") }}
    WHERE business_date = {{ business_date }}
    {% if not loop.last %}
    UNION ALL
    {% endif %}
    {% endfor %}
)

SELECT
    {{ business_date }} AS business_date,
    figures.figure,
    @detected_at AS detected_at,
    figures.old_value,
    figures.new_value,
    'loaded after the figures of the report were asked for' AS reason
FROM figures
WHERE
    ABS(figures.new_value - figures.old_value) > NUMERIC '0.005'
    AND NOT EXISTS (
        SELECT 1
        FROM {{ table("report_restatements") }} AS known
        WHERE
            known.business_date = {{ business_date }}
            AND known.figure = figures.figure
            AND known.`new` = figures.new_value
            AND known.detected_at >= @figures_at
    );
