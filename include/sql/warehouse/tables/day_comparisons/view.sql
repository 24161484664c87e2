{% from "warehouse/macros/amounts.sql" import average_amount, rate %}
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
-- Rates have a part and a whole. A figure is compared on the complete days that have it: an export, the first days or sales
-- without costs may lack it. A day's own value is given all the same, but a rate or a figure of the goods sold only where
-- the day has it: another value would be of a part of the sales.
WITH entries AS (
    SELECT
        days.business_date,
        days.is_complete,
        entry.figure,
        entry.amount,
        entry.whole,
        entry.is_rate,
        days.is_complete AND entry.is_known AS is_compared
    FROM `sales.comparable_days` AS days
    CROSS JOIN
        UNNEST([
            {% for name, figure in headline_figures.items() %}
            STRUCT(
                '{{ name }}' AS figure,
                days.{{ name }} AS amount,
                CAST(NULL AS NUMERIC) AS whole,
                FALSE AS is_rate,
                {{ "days.has_" ~ figure.known_by if figure.known_by else "TRUE" }} AS is_known
            ),
            {% endfor %}
            STRUCT('gross_sales_with_discounts', days.gross_sales_with_discounts, NULL, FALSE, days.has_discounts),
            STRUCT('gross_sales_with_returns', days.gross_sales_with_returns, NULL, FALSE, days.has_returns),
            STRUCT('cost_of_goods', IF(days.has_costs, days.cost_of_goods, NULL), NULL, FALSE, days.has_costs),
            STRUCT(
                'gross_profit', IF(days.has_costs, days.sales_with_cost - days.cost_of_goods, NULL), NULL, FALSE, days.has_costs
            ),
            STRUCT(
                'gross_margin',
                days.sales_with_cost - days.cost_of_goods,
                IF(days.has_costs, days.sales_with_cost, NULL),
                TRUE,
                days.has_costs
            ),
            STRUCT(
                'discount_rate',
                days.discounts,
                IF(days.has_discounts, days.gross_sales_with_discounts, NULL),
                TRUE,
                days.has_discounts
            ),
            STRUCT(
                'return_rate', days.returns, IF(days.has_returns, days.gross_sales_with_returns, NULL), TRUE, days.has_returns
            ),
            STRUCT(
                'repeat_share',
                days.returning_customers,
                IF(days.has_new_customers, days.customers, NULL),
                TRUE,
                days.has_new_customers
            )
        ]) AS entry
),

figures AS (
    SELECT
        *,
        IF(is_rate, {{ rate("amount", "whole") }}, amount) AS value
    FROM entries
)

SELECT
    business_date,
    figure,
    value,
    MAX(IF(is_compared, value, NULL)) OVER (
        of_figure RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING
    ) AS day_before,
    MAX(IF(is_compared, value, NULL)) OVER (
        of_figure RANGE BETWEEN 7 PRECEDING AND 7 PRECEDING
    ) AS week_before,
    IF(
        is_rate,
        {{ rate("SUM(IF(is_compared, amount, NULL)) OVER recent_days", "SUM(IF(is_compared, whole, NULL)) OVER recent_days") }},
        {{ average_amount("SUM(IF(is_compared, value, NULL)) OVER recent_days",
            "COUNTIF(is_compared AND value IS NOT NULL) OVER recent_days") }}
    ) AS average,
    MAX(IF(is_compared, value, NULL)) OVER (
        of_figure RANGE BETWEEN 364 PRECEDING AND 364 PRECEDING
    ) AS year_before,
    COUNTIF(is_compared) OVER recent_days AS averaged_days
FROM figures
WINDOW
    of_figure AS (PARTITION BY figure ORDER BY UNIX_DATE(business_date)),
    recent_days AS (of_figure RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING);
