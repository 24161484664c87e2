{% from "warehouse/macros/day_comparisons.sql" import COSTS, RATES, day_comparisons with context %}
-- Figures and rates of the day, and what each is compared with.
SELECT
    figure,
    -- Of a day that is not known, nothing is counted.
    IF(figure IN ('average_order_value', '{{ (RATES | list + COSTS | list) | join("', '") }}'), value, COALESCE(value, 0)) AS value,
    day_before,
    week_before,
    average,
    year_before,
    averaged_days
FROM (
{{ day_comparisons(day) | indent(4, first=True) }}
) AS comparisons
WHERE business_date = {{ day }}
ORDER BY figure
