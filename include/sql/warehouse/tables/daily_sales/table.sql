CREATE TABLE IF NOT EXISTS {{ table("daily_sales") }} (
    business_date DATE NOT NULL OPTIONS (description = "The shop's calendar day: of the order for sales, of the refund for returns."),
    source STRING NOT NULL OPTIONS (description = "Source of the orders and refunds."),
    channel STRING OPTIONS (description = "Sales channel: the source's name, or the partner's name for partner files."),
    category STRING NOT NULL OPTIONS (description = "Product category; 'unallocated' for refunds without a known order line."),
    country_code STRING NOT NULL OPTIONS (description = "ISO 3166 alpha-2 country of delivery; 'ZZ' when unknown."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code of the amounts without the suffix _reporting."),
    order_lines INT64 NOT NULL OPTIONS (description = "Number of order lines."),
    units NUMERIC(18, 4) NOT NULL OPTIONS (description = "Units ordered."),
    gross_sales NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of the lines' gross amounts."),
    discounts NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of the lines' discounts."),
    returns NUMERIC(18, 4) NOT NULL OPTIONS (description = "Merchandise amount of the refunds made on this day."),
    net_sales NUMERIC(18, 4) NOT NULL OPTIONS (description = "gross_sales - discounts - returns."),
    gross_sales_reporting NUMERIC(18, 4) OPTIONS (description = "gross_sales in reporting currency; NULL without an exchange rate."),
    discounts_reporting NUMERIC(18, 4) OPTIONS (description = "discounts in reporting currency; NULL without an exchange rate."),
    returns_reporting NUMERIC(18, 4) OPTIONS (description = "returns in reporting currency; NULL without an exchange rate."),
    net_sales_reporting NUMERIC(18, 4) OPTIONS (description = "net_sales in reporting currency; NULL without an exchange rate.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per business day, source, channel, category, country and currency. Counts only orders whose status is a sale, without test orders.",
    require_partition_filter = TRUE
);
