CREATE TABLE IF NOT EXISTS {{ table("orders") }} (
    source STRING NOT NULL OPTIONS (description = "Where the order comes from: sales_db, storefront or partner_files."),
    order_id STRING NOT NULL OPTIONS (description = "The order's number at its source; unique within one source only."),
    business_date DATE NOT NULL OPTIONS (description = "Business day of the order: the shop's calendar day in which it was created."),
    channel STRING OPTIONS (description = "Where it was sold: the source's name, for partner files the partner's; NULL in rows stored before this column was there."),
    attributes STRING OPTIONS (description = "JSON object: the text of each column named in ORDER_ATTRIBUTES that has a value; NULL when none has. See the view orders_attributes."),
    status STRING OPTIONS (description = "Order status as the source spells it, in lower case."),
    is_sale BOOL NOT NULL OPTIONS (description = "Whether the status counts as a sale."),
    is_test BOOL NOT NULL OPTIONS (description = "Whether the source marks the order as a test; test orders never count."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code of every amount in this row."),
    country_code STRING OPTIONS (description = "ISO 3166 alpha-2 code of the country shipped to; NULL when unknown."),
    customer_hash STRING OPTIONS (description = "Keyed hash that identifies the customer across sources; NULL when the order names none."),
    coupon_code STRING OPTIONS (description = "Coupon the customer used; NULL for none."),
    item_count INT64 NOT NULL OPTIONS (description = "Number of order lines loaded with the order."),
    gross_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of the lines' gross amounts."),
    discount_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Sum of the lines' discounts."),
    tax_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Tax of the order; in no sales figure."),
    shipping_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Shipping charged, without tax; in no sales figure."),
    fee_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Fees charged, without tax; in no sales figure."),
    ordered_at TIMESTAMP NOT NULL OPTIONS (description = "When the order was created."),
    updated_at TIMESTAMP OPTIONS (description = "When the source last changed the order, as it says."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read (files: time received) that brought this version of the order."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded this version of the order.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per order, every status: status is data, not a filter."
);
