{% from "warehouse/macros/day_comparisons.sql" import day_comparisons with context %}
CREATE VIEW IF NOT EXISTS `sales.day_comparisons` (
    business_date OPTIONS (description = "The shop's calendar day."),
    figure OPTIONS (description = "A headline figure; discount_rate, return_rate, repeat_share or gross_margin; cost_of_goods or gross_profit; or gross_sales_with_discounts or gross_sales_with_returns, which are the gross sales of the sources whose data has them."),
    value OPTIONS (description = "Value of the day, complete or not; amounts in reporting currency, rates as fractions of one. Cost of goods, gross profit and gross margin are NULL where has_costs of comparable_days is FALSE."),
    day_before OPTIONS (description = "Value of the day before."),
    week_before OPTIONS (description = "Value of the same weekday of the week before."),
    average OPTIONS (description = "Average of the complete days among the 28 days before; of a rate, the sum of its parts divided by the sum of its wholes."),
    year_before OPTIONS (description = "Value of the same weekday 52 weeks (364 days) before."),
    averaged_days OPTIONS (description = "Number of days in the average.")
)
OPTIONS (
    description = "One row per known day and figure: its value, that of the days it is compared with, and the average of the 28 days before. Comparisons are NULL where the other day is not complete or lacks the figure."
)
AS
{{ day_comparisons() }};
