CREATE TABLE IF NOT EXISTS {{ table("daily_summary") }} (
    business_date DATE NOT NULL OPTIONS (description = "The shop's calendar day: of the order for sales, of the refund for returns."),
    orders INT64 NOT NULL OPTIONS (description = "Number of orders."),
    units NUMERIC(18, 4) NOT NULL OPTIONS (description = "Pieces ordered."),
    customers INT64 NOT NULL OPTIONS (description = "Number of different customers who ordered."),
    gross_sales NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of the order lines' gross amounts, without those no exchange rate is known for."),
    discounts NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of their discounts."),
    returns NUMERIC(18, 4) NOT NULL OPTIONS (description = "Merchandise part of the refunds made on this day."),
    net_sales NUMERIC(18, 4) NOT NULL OPTIONS (description = "gross_sales - discounts - returns."),
    tax NUMERIC(18, 4) NOT NULL OPTIONS (description = "Tax of the orders; in no sales figure."),
    shipping NUMERIC(18, 4) NOT NULL OPTIONS (description = "Shipping charged; in no sales figure."),
    average_order_value NUMERIC(18, 4) OPTIONS (description = "(gross_sales - discounts) / orders whose amounts are converted; NULL without such orders."),
    new_customers INT64 NOT NULL OPTIONS (description = "Customers whose first order of all history was created on this day."),
    unconverted_orders INT64 NOT NULL OPTIONS (description = "Orders left out of the amounts because no exchange rate is known."),
    complete BOOL NOT NULL OPTIONS (description = "Whether every source was read after the day had ended (or is switched off)."),
    missing_sources ARRAY<STRING> OPTIONS (description = "The sources that were not, in alphabetical order.")
)
OPTIONS (
    description = "One row per business day: headline figures in reporting currency. Counted orders only: a sale and not a test."
);
