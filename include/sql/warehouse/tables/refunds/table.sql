CREATE TABLE IF NOT EXISTS `sales.refunds` (
    source STRING NOT NULL OPTIONS (description = "Source of the refund: one of the daily run, or the name of an export."),
    refund_id STRING NOT NULL OPTIONS (description = "Refund number in its source."),
    line_number INT64 NOT NULL OPTIONS (description = "Refunded line of the order; 0 for the order as a whole."),
    business_date DATE NOT NULL OPTIONS (description = "Business day of the refund: the shop's calendar day on which it was made."),
    channel STRING OPTIONS (description = "Sales channel: the source's name, or the partner's name for partner files."),
    order_id STRING NOT NULL OPTIONS (description = "Refunded order; it may be missing from `orders`."),
    order_business_date DATE OPTIONS (description = "Business day of that order; NULL when the order is unknown."),
    sku STRING OPTIONS (description = "Refunded SKU; NULL where none is known."),
    category STRING NOT NULL OPTIONS (description = "Category of the order line; 'unallocated' without a known order line."),
    country_code STRING OPTIONS (description = "Country of delivery of the order; NULL when unknown."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code of the amounts: of the order, else of the refund, else the reporting currency."),
    quantity NUMERIC(18, 4) OPTIONS (description = "Units returned; NULL for a refund of an amount only."),
    merchandise_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Refunded merchandise as a positive amount, excluding tax and shipping; counted as returns."),
    tax_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Refunded tax, positive; not part of any sales figure."),
    shipping_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Refunded shipping and fees (duties, tips), positive; not part of any sales figure."),
    cost_amount NUMERIC(18, 4) OPTIONS (description = "Cost of goods of the returned units; 0 for an amount only, NULL where the cost of the order's lines is unknown."),
    reason STRING OPTIONS (description = "Reason as entered in the source."),
    is_sale BOOL NOT NULL OPTIONS (description = "Whether the order counts as a sale; a refund is counted only if its order is."),
    is_test BOOL NOT NULL OPTIONS (description = "Whether the order is a test; refunds of test orders are never counted."),
    refunded_at TIMESTAMP NOT NULL OPTIONS (description = "When the refund was made."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read that returned this version of the order; for files, when the file was received."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded this version of the order.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per refunded line, or per refund without lines; counted on the day of the refund.",
    require_partition_filter = TRUE
);
