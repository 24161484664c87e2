CREATE TABLE IF NOT EXISTS `sales.order_lines` (
    source STRING NOT NULL OPTIONS (description = "Source of the order: one of the daily run, or the name of an export."),
    order_id STRING NOT NULL OPTIONS (description = "Order number in its source; unique only within that source."),
    line_number INT64 NOT NULL OPTIONS (description = "Line number within the order, or the id that the source gives the line."),
    business_date DATE NOT NULL OPTIONS (description = "Business day of the order: the shop's calendar day on which it was created."),
    channel STRING OPTIONS (description = "Sales channel: the source's name, or the partner's name for partner files."),
    sku STRING OPTIONS (description = "Stock keeping unit, as spelled in the source."),
    product_name STRING OPTIONS (description = "Product name at the time of the order."),
    category STRING NOT NULL OPTIONS (description = "Product category at the time of the order; 'uncategorised' where the source has none."),
    quantity NUMERIC(18, 4) NOT NULL OPTIONS (description = "Units ordered; may be fractional."),
    unit_price NUMERIC(18, 4) OPTIONS (description = "Price of one unit, for information: sales are calculated from the stored amounts."),
    gross_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Amount of the line before discount and tax."),
    discount_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Discount on the line before tax."),
    amount_after_discount NUMERIC(18, 4) NOT NULL OPTIONS (description = "gross_amount - discount_amount."),
    tax_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Tax of the line; not part of any sales figure."),
    cost_amount NUMERIC(18, 4) OPTIONS (description = "Cost of goods of the line, as known when it was read; NULL when unknown."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code of all amounts in this row."),
    status STRING OPTIONS (description = "Order status as in the source, in lower case."),
    is_sale BOOL NOT NULL OPTIONS (description = "Whether the status counts as a sale."),
    is_test BOOL NOT NULL OPTIONS (description = "Whether the source marks the order as a test; test orders are never counted."),
    customer_hash STRING OPTIONS (description = "Keyed hash that identifies the customer across sources; NULL where the order names no customer."),
    country_code STRING OPTIONS (description = "ISO 3166 alpha-2 country of delivery; NULL when unknown."),
    ordered_at TIMESTAMP NOT NULL OPTIONS (description = "When the order was created."),
    updated_at TIMESTAMP OPTIONS (description = "When the order last changed, by the source's clock."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read that returned this version of the order; for files, when the file was received."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded this version of the order.")
)
PARTITION BY business_date
CLUSTER BY source, sku
OPTIONS (
    description = "One row per order line, in every status.",
    require_partition_filter = TRUE
);
