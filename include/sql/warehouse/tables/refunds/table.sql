CREATE TABLE IF NOT EXISTS {{ table("refunds") }} (
    source STRING NOT NULL OPTIONS (description = "Where the refund comes from: sales_db, storefront or partner_files."),
    refund_id STRING NOT NULL OPTIONS (description = "The refund's number at its source."),
    line_number INT64 NOT NULL OPTIONS (description = "Line of the order the refund is for; 0 = the order as a whole."),
    business_date DATE NOT NULL OPTIONS (description = "Business day of the refund: the shop's calendar day in which it was made."),
    channel STRING OPTIONS (description = "Where it was sold: the source's name, for partner files the partner's; NULL in rows stored before this column was there."),
    order_id STRING NOT NULL OPTIONS (description = "Order the refund belongs to; it may be unknown to `orders`."),
    order_business_date DATE OPTIONS (description = "Business day of that order; NULL when the order is unknown."),
    sku STRING OPTIONS (description = "Article refunded; NULL for the order as a whole."),
    category STRING NOT NULL OPTIONS (description = "Category of the order line; 'unallocated' where the refund names no known line."),
    country_code STRING OPTIONS (description = "Country of the order; NULL when unknown."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code of the amounts: the order's, or the reporting currency when the order is unknown."),
    quantity NUMERIC(18, 4) OPTIONS (description = "Pieces returned; NULL when the refund is of an amount only."),
    merchandise_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Refunded for merchandise, without tax and shipping, as a positive amount: this is what counts as returns."),
    tax_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Refunded tax, positive; in no sales figure."),
    shipping_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Refunded shipping, positive; in no sales figure."),
    reason STRING OPTIONS (description = "Reason given at the source."),
    is_sale BOOL NOT NULL OPTIONS (description = "Whether the order counts as a sale; a refund counts only if its order does."),
    is_test BOOL NOT NULL OPTIONS (description = "Whether the order is a test; its refunds never count."),
    refunded_at TIMESTAMP NOT NULL OPTIONS (description = "When the refund was made."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read (files: time received) that brought this version of the order."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded this version of the order.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per refunded line, or per refund where it names no line; counted on the day the refund is made.",
    require_partition_filter = TRUE
);
