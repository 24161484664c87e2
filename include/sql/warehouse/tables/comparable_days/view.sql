{% from "warehouse/macros/comparable_days.sql" import comparable_days with context %}
CREATE VIEW IF NOT EXISTS `sales.comparable_days` (
    business_date OPTIONS (description = "The shop's calendar day."),
    is_complete OPTIONS (description = "Whether every source was read after the end of the day, and none unusually has no orders; only complete days are compared with."),
    missing_sources OPTIONS (description = "Sources and partners whose data is missing, in alphabetical order."),
    empty_sources OPTIONS (description = "Sources and partners without an order on a day on which they usually have many, in alphabetical order."),
    net_sales OPTIONS (description = "gross_sales - discounts - returns."),
    orders OPTIONS (description = "Number of orders."),
    average_order_value OPTIONS (description = "gross_sales - discounts, divided by the number of orders with an exchange rate; NULL without such orders."),
    customers OPTIONS (description = "Number of distinct customers who ordered."),
    gross_sales OPTIONS (description = "Sum of the order lines' gross amounts, excluding amounts without an exchange rate."),
    discounts OPTIONS (description = "Sum of their discounts."),
    returns OPTIONS (description = "Merchandise amount of the refunds made on this day."),
    units OPTIONS (description = "Units ordered."),
    new_customers OPTIONS (description = "Customers whose first counted order in all history was created on this day."),
    returning_customers OPTIONS (description = "customers - new_customers."),
    tax OPTIONS (description = "Tax of the orders; not part of any sales figure."),
    shipping OPTIONS (description = "Shipping charged; not part of any sales figure."),
    cost_of_goods OPTIONS (description = "Cost of the goods sold, less that of returned units; NULL where no line has a cost."),
    sales_with_cost OPTIONS (description = "The part of net_sales whose cost is known; NULL where no line has a cost."),
    cost_coverage OPTIONS (description = "The part of net sales whose cost is known, as a fraction of one; NULL where no line has a cost."),
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
{{ comparable_days() }};
