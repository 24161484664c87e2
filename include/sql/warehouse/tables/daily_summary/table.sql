CREATE TABLE IF NOT EXISTS `sales.daily_summary` (
    business_date DATE NOT NULL OPTIONS (description = "The shop's calendar day: of the order for sales, of the refund for returns."),
    orders INT64 NOT NULL OPTIONS (description = "Number of orders."),
    units NUMERIC(18, 4) NOT NULL OPTIONS (description = "Units ordered."),
    customers INT64 NOT NULL OPTIONS (description = "Number of distinct customers who ordered."),
    gross_sales NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of the order lines' gross amounts, excluding amounts without an exchange rate."),
    discounts NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of their discounts."),
    returns NUMERIC(18, 4) NOT NULL OPTIONS (description = "Merchandise amount of the refunds made on this day."),
    net_sales NUMERIC(18, 4) NOT NULL OPTIONS (description = "gross_sales - discounts - returns."),
    cost_of_goods NUMERIC(18, 4) OPTIONS (description = "Cost of the goods sold, less that of returned units; NULL where no line has a cost."),
    sales_with_cost NUMERIC(18, 4) OPTIONS (description = "The part of net_sales whose cost is known; NULL where no line has a cost. Gross margin: SAFE_DIVIDE(SUM(sales_with_cost - cost_of_goods), SUM(sales_with_cost))."),
    tax NUMERIC(18, 4) NOT NULL OPTIONS (description = "Tax of the orders; not part of any sales figure."),
    shipping NUMERIC(18, 4) NOT NULL OPTIONS (description = "Shipping charged; not part of any sales figure."),
    average_order_value NUMERIC(18, 4) OPTIONS (description = "gross_sales - discounts, divided by the number of orders with an exchange rate; NULL without such orders."),
    new_customers INT64 NOT NULL OPTIONS (description = "Customers whose first counted order in all history was created on this day."),
    unconverted_orders INT64 NOT NULL OPTIONS (description = "Orders excluded from the amounts because their currency has no exchange rate."),
    complete BOOL NOT NULL OPTIONS (description = "Whether every source that is not switched off was read after the end of the day, every due partner file was loaded, and none of them is in empty_sources."),
    missing_sources ARRAY<STRING> OPTIONS (description = "Sources that are not switched off and were not read after the end of the day, and partners whose file is missing, in alphabetical order."),
    empty_sources ARRAY<STRING> OPTIONS (description = "Sources that are not switched off, and partners, without an order on a day on which they usually have many, in alphabetical order.")
)
OPTIONS (
    description = "One row per business day: headline figures in reporting currency. Counts only orders whose status is a sale, without test orders."
);
