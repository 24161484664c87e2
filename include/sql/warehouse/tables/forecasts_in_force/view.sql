CREATE VIEW IF NOT EXISTS `sales.forecasts_in_force` (
    {% for column in columns("sales_forecasts") if column.name != "run_id" %}
    {{ column.name }} OPTIONS (description = "{{ column.description }}"){{ "," if not loop.last }}
    {% endfor %}
)
OPTIONS (
    description = "One row per series and day: the newest forecast from data that ends before the day, and the actual gross sales."
)
AS
SELECT * EXCEPT (run_id)
FROM `sales.sales_forecasts`
WHERE target_date >= DATE '0001-01-01'
QUALIFY RANK() OVER (PARTITION BY target_date ORDER BY made_at DESC) = 1;
