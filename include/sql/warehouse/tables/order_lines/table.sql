CREATE TABLE IF NOT EXISTS {{ table("order_lines") }} (
    source STRING NOT NULL OPTIONS (description = "Where the order comes from: sales_db, storefront or partner_files."),
    order_id STRING NOT NULL OPTIONS (description = "The order's number at its source; unique within one source only."),
    line_number INT64 NOT NULL OPTIONS (description = "Number of the line within its order; for the storefront the line item's id."),
    business_date DATE NOT NULL OPTIONS (description = "Business day of the order: the shop's calendar day in which it was created."),
    channel STRING OPTIONS (description = "Where it was sold: the source's name, for partner files the partner's; NULL in rows stored before this column was there."),
    sku STRING OPTIONS (description = "Article number as the source spells it."),
    product_name STRING OPTIONS (description = "Article name at the time of the order."),
    category STRING NOT NULL OPTIONS (description = "Category at the time of the order; 'uncategorised' when the source gives none."),
    quantity NUMERIC(18, 4) NOT NULL OPTIONS (description = "Pieces ordered; may be fractional."),
    unit_price NUMERIC(18, 4) OPTIONS (description = "Price of one piece, informational: sales are counted from the stored amounts."),
    gross_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Line amount before discount and tax."),
    discount_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Discount on the line, before tax."),
    amount_after_discount NUMERIC(18, 4) NOT NULL OPTIONS (description = "gross_amount - discount_amount."),
    tax_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Tax of the line; in no sales figure."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code of every amount in this row."),
    status STRING OPTIONS (description = "Order status as the source spells it, in lower case."),
    is_sale BOOL NOT NULL OPTIONS (description = "Whether the status counts as a sale."),
    is_test BOOL NOT NULL OPTIONS (description = "Whether the source marks the order as a test; test orders never count."),
    customer_hash STRING OPTIONS (description = "Keyed hash that identifies the customer across sources; NULL when the order names none."),
    country_code STRING OPTIONS (description = "ISO 3166 alpha-2 code of the country shipped to; NULL when unknown."),
    ordered_at TIMESTAMP NOT NULL OPTIONS (description = "When the order was created."),
    updated_at TIMESTAMP OPTIONS (description = "When the source last changed the order, as it says."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read (files: time received) that brought this version of the order."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded this version of the order.")
)
PARTITION BY business_date
CLUSTER BY source, sku
OPTIONS (
    description = "One row per order line, every status.",
    require_partition_filter = TRUE
);
