-- Current figures of business days, earliest first.
SELECT
    summary.business_date,
    {% for name, figure in headline_figures.items() %}
    {{ figure.expression }} AS {{ name }},
    {% endfor %}
    summary.complete,
    summary.missing_sources,
    summary.empty_sources
FROM `sales.daily_summary` AS summary
WHERE summary.business_date BETWEEN {{ first }} AND {{ day }}
ORDER BY summary.business_date
