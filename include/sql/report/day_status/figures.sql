-- Current figures of business days, earliest first.
SELECT
    summary.business_date,
    {% for figure, expression in headline_figures.items() %}
    {{ expression }} AS {{ figure }},
    {% endfor %}
    summary.complete,
    summary.missing_sources,
    summary.empty_sources
FROM `sales.daily_summary` AS summary
WHERE summary.business_date BETWEEN {{ first }} AND {{ day }}
ORDER BY summary.business_date
