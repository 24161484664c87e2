CREATE TABLE IF NOT EXISTS `sales.orders` (
    source STRING NOT NULL OPTIONS (description = "Source of the order: one of the daily run, or the name of an export."),
    order_id STRING NOT NULL OPTIONS (description = "Order number in its source; unique only within that source."),
    business_date DATE NOT NULL OPTIONS (description = "Business day of the order: the shop's calendar day on which it was created."),
    channel STRING OPTIONS (description = "Sales channel: the source's name, or the partner's name for partner files."),
    attributes STRING OPTIONS (description = "JSON object with the non-empty columns that ORDER_ATTRIBUTES names, as text; NULL when all are empty. See the view orders_attributes."),
    status STRING OPTIONS (description = "Order status as in the source, in lower case."),
    is_sale BOOL NOT NULL OPTIONS (description = "Whether the status counts as a sale."),
    is_test BOOL NOT NULL OPTIONS (description = "Whether the source marks the order as a test; test orders are never counted."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code of all amounts in this row."),
    country_code STRING OPTIONS (description = "ISO 3166 alpha-2 country of delivery; NULL when unknown."),
    customer_hash STRING OPTIONS (description = "Keyed hash that identifies the customer across sources; NULL where the order names no customer."),
    coupon_code STRING OPTIONS (description = "Coupon code that the customer used; NULL without one."),
    item_count INT64 NOT NULL OPTIONS (description = "Number of loaded order lines."),
    gross_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of the lines' gross amounts."),
    discount_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of the lines' discounts."),
    tax_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Tax of the order; not part of any sales figure."),
    shipping_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Shipping charged, before tax; not part of any sales figure."),
    fee_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Fees charged, before tax; not part of any sales figure."),
    ordered_at TIMESTAMP NOT NULL OPTIONS (description = "When the order was created."),
    updated_at TIMESTAMP OPTIONS (description = "When the order last changed, by the source's clock."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read that returned this version of the order; for files, when the file was received."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded this version of the order.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per order, in every status."
);
