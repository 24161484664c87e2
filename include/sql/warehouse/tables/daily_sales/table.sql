CREATE TABLE IF NOT EXISTS `sales.daily_sales` (
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
    cost_of_goods NUMERIC(18, 4) OPTIONS (description = "Cost of the goods sold, less that of returned units; NULL where no line has a cost."),
    sales_with_cost NUMERIC(18, 4) OPTIONS (description = "The part of net_sales whose cost is known; NULL where no line has a cost."),
    gross_sales_reporting NUMERIC(18, 4) OPTIONS (description = "gross_sales in reporting currency; NULL without an exchange rate."),
    discounts_reporting NUMERIC(18, 4) OPTIONS (description = "discounts in reporting currency; NULL without an exchange rate."),
    returns_reporting NUMERIC(18, 4) OPTIONS (description = "returns in reporting currency; NULL without an exchange rate."),
    net_sales_reporting NUMERIC(18, 4) OPTIONS (description = "net_sales in reporting currency; NULL without an exchange rate."),
    cost_of_goods_reporting NUMERIC(18, 4) OPTIONS (description = "cost_of_goods in reporting currency; NULL without an exchange rate."),
    sales_with_cost_reporting NUMERIC(18, 4) OPTIONS (description = "sales_with_cost in reporting currency; NULL without an exchange rate.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per business day, source, channel, category, country and currency. Counts only orders whose status is a sale, without test orders.",
    require_partition_filter = TRUE
);
