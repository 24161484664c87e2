CREATE TABLE IF NOT EXISTS {{ table("daily_sales") }} (
    business_date DATE NOT NULL OPTIONS (description = "The shop's calendar day: of the order for sales, of the refund for returns."),
    source STRING NOT NULL OPTIONS (description = "Where the orders and refunds come from."),
    channel STRING OPTIONS (description = "Where it was sold: the source's name, for partner files the partner's; NULL on days written before this column was there."),
    category STRING NOT NULL OPTIONS (description = "Article category; 'unallocated' for refunds that name no known line."),
    country_code STRING NOT NULL OPTIONS (description = "Country shipped to; 'ZZ' when unknown."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code of the amounts without suffix."),
    order_lines INT64 NOT NULL OPTIONS (description = "Number of order lines."),
    units NUMERIC(18, 4) NOT NULL OPTIONS (description = "Pieces ordered."),
    gross_sales NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of the lines' gross amounts."),
    discounts NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of the lines' discounts."),
    returns NUMERIC(18, 4) NOT NULL OPTIONS (description = "Merchandise part of the refunds made on this day."),
    net_sales NUMERIC(18, 4) NOT NULL OPTIONS (description = "gross_sales - discounts - returns."),
    gross_sales_reporting NUMERIC(18, 4) OPTIONS (description = "gross_sales in reporting currency; NULL while no exchange rate is known."),
    discounts_reporting NUMERIC(18, 4) OPTIONS (description = "discounts in reporting currency; NULL while no exchange rate is known."),
    returns_reporting NUMERIC(18, 4) OPTIONS (description = "returns in reporting currency; NULL while no exchange rate is known."),
    net_sales_reporting NUMERIC(18, 4) OPTIONS (description = "net_sales in reporting currency; NULL while no exchange rate is known.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per business day, source, channel, category, country and currency. Counted orders only: a sale and not a test.",
    require_partition_filter = TRUE
);
