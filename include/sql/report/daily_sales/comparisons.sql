-- Figures and rates of the day, and what each is compared with. Of a day that is not known, nothing is counted.
{% from "warehouse/macros/headline_figures.sql" import figures_per_order with context %}
SELECT
    figure,
    IF(
        figure IN (
            {{ figures_per_order() }},
            'discount_rate',
            'return_rate',
            'repeat_share',
            'cost_of_goods',
            'gross_profit',
            'gross_margin'
        ),
        value,
        COALESCE(value, 0)
    ) AS value,
    day_before,
    week_before,
    average,
    year_before,
    averaged_days
FROM `sales.day_comparisons`
WHERE business_date = {{ report_day }}
ORDER BY figure
