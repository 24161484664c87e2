{% from "warehouse/macros/amounts.sql" import average_amount, coverage, exact_amount %}
{% from "warehouse/macros/exports.sql" import exported_sources with context %}
{% from "warehouse/macros/headline_figures.sql" import figure_description with context %}
CREATE VIEW IF NOT EXISTS `sales.comparable_days` (
    business_date OPTIONS (description = "The shop's calendar day."),
    is_complete OPTIONS (description = "Whether every source was read after the end of the day, and none unusually has no orders; only complete days are compared with."),
    missing_sources OPTIONS (description = "Sources and partners whose data is missing, in alphabetical order."),
    empty_sources OPTIONS (description = "Sources and partners without an order on a day on which they usually have many, in alphabetical order."),
    {% for name in headline_figures %}
    {{ name }} OPTIONS (description = "{{ figure_description(name) }}"),
    {% endfor %}
    cost_of_goods OPTIONS (description = "Cost of the goods sold, less that of returned units; NULL where no line has a cost."),
    sales_with_cost OPTIONS (description = "The part of net_sales whose cost is known; NULL where no line has a cost."),
    cost_coverage OPTIONS (description = "The part of net sales whose cost is known, as a fraction of one, rounded down to thousandths; NULL where no line has a cost."),
    weekday_average OPTIONS (description = "Average net sales of the complete same weekdays in the four weeks before; NULL without any."),
    base_date OPTIONS (description = "The day that changes are measured from: seven days before if that day is complete, else the day before if that one is, else NULL."),
    averaged_days OPTIONS (description = "Number of complete days among the 28 days before, which averages include."),
    averaged_days_without_sales OPTIONS (description = "Number of them without any order."),
    has_returns OPTIONS (description = "FALSE where all sales are of exports without any return: returns are unknown, not 0."),
    has_discounts OPTIONS (description = "FALSE where all sales are of exports without any discount."),
    has_tax OPTIONS (description = "FALSE where all sales are of exports without any tax."),
    has_shipping OPTIONS (description = "FALSE where all sales are of exports without any shipping."),
    has_new_customers OPTIONS (description = "FALSE until the first complete day with customers, on which each customer counts as new."),
    has_costs OPTIONS (description = "Whether enough of net sales have a cost for cost of goods, gross profit and gross margin: cost_coverage is at least 0.95."),
    gross_sales_with_discounts OPTIONS (description = "Gross sales without those of exports without any discount: the whole of the discount rate."),
    gross_sales_with_returns OPTIONS (description = "Gross sales without those of exports without any return: the whole of the return rate.")
)
OPTIONS (
    description = "One row per known day of the whole history: its headline figures, and the days that it is compared with. Known days are those of daily_summary and, within exports, the days on which the shop was closed."
)
AS
WITH known_days AS (
    SELECT *
    FROM `sales.known_days`
),

export_days AS (
    SELECT
        business_date,
        source,
        COALESCE(SUM(gross_sales_reporting), 0) AS gross_sales,
        SUM(COALESCE(SUM(gross_sales_reporting), 0)) OVER (PARTITION BY business_date) AS gross_sales_of_exports,
        LOGICAL_OR(returns <> 0) AS has_returns,
        LOGICAL_OR(discounts <> 0) AS has_discounts
    FROM `sales.daily_sales`
    WHERE business_date >= DATE '0001-01-01'
        AND source IN ({{ exported_sources() }})
    GROUP BY business_date, source
),

-- Whether an export is all that sold on a day, and whether exports are: its converted and rounded parts may differ by less
-- than a cent from the total of the day.
export_charges AS (
    SELECT
        export_days.source,
        known_days.tax <> 0 AS has_tax,
        known_days.shipping <> 0 AS has_shipping,
        ABS(known_days.gross_sales - export_days.gross_sales) < NUMERIC '0.01' AS is_all,
        ABS(known_days.gross_sales - export_days.gross_sales_of_exports) < NUMERIC '0.01' AS are_all
    FROM export_days
    INNER JOIN known_days
        ON export_days.business_date = known_days.business_date
),

-- Tax and shipping of an export are those of the days when it alone sold; without such a day, when only exports sold. They
-- are read from daily_summary: daily_sales has neither, and reading all orders of the exports would cost far more.
charges AS (
    SELECT
        source,
        COALESCE(LOGICAL_OR(IF(is_all, has_tax, NULL)), LOGICAL_OR(IF(are_all, has_tax, NULL)), FALSE) AS has_tax,
        COALESCE(
            LOGICAL_OR(IF(is_all, has_shipping, NULL)), LOGICAL_OR(IF(are_all, has_shipping, NULL)), FALSE
        ) AS has_shipping
    FROM export_charges
    GROUP BY source
),

-- An export without any return has none in its data, so its returns are unknown, not zero.
exports AS (
    SELECT
        export_days.source,
        LOGICAL_OR(export_days.has_returns) AS has_returns,
        LOGICAL_OR(export_days.has_discounts) AS has_discounts,
        LOGICAL_OR(COALESCE(charges.has_tax, FALSE)) AS has_tax,
        LOGICAL_OR(COALESCE(charges.has_shipping, FALSE)) AS has_shipping
    FROM export_days
    LEFT JOIN charges
        ON export_days.source = charges.source
    GROUP BY export_days.source
),

sales_without AS (
    SELECT
        export_days.business_date,
        SUM(IF(exports.has_returns, 0, export_days.gross_sales)) AS without_returns,
        SUM(IF(exports.has_discounts, 0, export_days.gross_sales)) AS without_discounts,
        SUM(IF(exports.has_tax, 0, export_days.gross_sales)) AS without_tax,
        SUM(IF(exports.has_shipping, 0, export_days.gross_sales)) AS without_shipping
    FROM export_days
    INNER JOIN exports
        ON export_days.source = exports.source
    GROUP BY export_days.business_date
),

-- `sales_period` numbers the days with sales: a day without sales lacks what the last day with sales before it lacks.
sales_days AS (
    SELECT
        known_days.*,
        {{ exact_amount("known_days.gross_sales - COALESCE(sales_without.without_returns, 0)") }} AS gross_sales_with_returns,
        {{ exact_amount("known_days.gross_sales - COALESCE(sales_without.without_discounts, 0)") }} AS gross_sales_with_discounts,
        known_days.gross_sales - COALESCE(sales_without.without_tax, 0) AS gross_sales_with_tax,
        known_days.gross_sales - COALESCE(sales_without.without_shipping, 0) AS gross_sales_with_shipping,
        {{ coverage("known_days.net_sales", "known_days.sales_with_cost") }} AS cost_coverage,
        COUNTIF(known_days.gross_sales <> 0) OVER (ORDER BY known_days.business_date) AS sales_period,
        -- On the first complete day with customers, each of them counts as new.
        MIN(IF(known_days.is_complete AND known_days.customers > 0, known_days.business_date, NULL)) OVER () AS customers_since
    FROM known_days
    LEFT JOIN sales_without
        ON known_days.business_date = sales_without.business_date
)

SELECT
    business_date,
    is_complete,
    missing_sources,
    empty_sources,
    {% for figure in headline_figures %}
    {{ figure }},
    {% endfor %}
    cost_of_goods,
    sales_with_cost,
    cost_coverage,
    {{ average_amount(
        "SUM(IF(is_complete, net_sales, NULL)) OVER same_weekdays", "COUNTIF(is_complete) OVER same_weekdays"
    ) }} AS weekday_average,
    COALESCE(
        MAX(IF(is_complete, business_date, NULL)) OVER (
            ORDER BY UNIX_DATE(business_date) RANGE BETWEEN 7 PRECEDING AND 7 PRECEDING
        ),
        MAX(IF(is_complete, business_date, NULL)) OVER (
            ORDER BY UNIX_DATE(business_date) RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING
        )
    ) AS base_date,
    COUNTIF(is_complete) OVER days_before AS averaged_days,
    COUNTIF(is_complete AND orders = 0) OVER days_before AS averaged_days_without_sales,
    sales_period = 0
    OR LOGICAL_OR(gross_sales <> 0 AND ABS(gross_sales_with_returns) >= NUMERIC '0.01') OVER of_period AS has_returns,
    sales_period = 0
    OR LOGICAL_OR(gross_sales <> 0 AND ABS(gross_sales_with_discounts) >= NUMERIC '0.01') OVER of_period AS has_discounts,
    sales_period = 0
    OR LOGICAL_OR(gross_sales <> 0 AND ABS(gross_sales_with_tax) >= NUMERIC '0.01') OVER of_period AS has_tax,
    sales_period = 0
    OR LOGICAL_OR(gross_sales <> 0 AND ABS(gross_sales_with_shipping) >= NUMERIC '0.01') OVER of_period AS has_shipping,
    COALESCE(business_date > customers_since, FALSE) AS has_new_customers,
    COALESCE(cost_coverage * 100 >= {{ least_cost_coverage }}, FALSE) AS has_costs,
    gross_sales_with_discounts,
    gross_sales_with_returns
FROM sales_days
WINDOW
    days_before AS (ORDER BY UNIX_DATE(business_date) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING),
    same_weekdays AS (
        PARTITION BY EXTRACT(DAYOFWEEK FROM business_date)
        ORDER BY UNIX_DATE(business_date) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING
    ),
    of_period AS (PARTITION BY sales_period);
