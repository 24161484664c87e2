-- The demo company's sales database: the schema that the extracts in include/sql/extract/sales_db expect.
-- Like many such databases it is lax: it accepts a quantity of 0 and a price of NaN.

CREATE TABLE IF NOT EXISTS customers (
    customer_id  text PRIMARY KEY,
    email        text,
    country_code char(2),
    created_at   timestamptz,
    updated_at   timestamptz
);
COMMENT ON TABLE customers IS 'People with an account; guests have no row';
COMMENT ON COLUMN customers.country_code IS 'ISO 3166-1 alpha-2';

CREATE TABLE IF NOT EXISTS products (
    sku        text PRIMARY KEY,
    name       text,
    category   text,
    image_url  text,
    updated_at timestamptz
);
COMMENT ON COLUMN products.sku IS 'Case matters: MUG-01 and mug-01 are two products';

CREATE TABLE IF NOT EXISTS orders (
    order_id         text PRIMARY KEY,
    customer_id      text,
    status           text,
    currency         char(3),
    shipping_country char(2),
    shipping_amount  numeric(14, 2),
    coupon_code      text,
    is_test          boolean,
    ordered_at       timestamptz,
    updated_at       timestamptz
);
COMMENT ON COLUMN orders.customer_id IS 'NULL for guests';
COMMENT ON COLUMN orders.currency IS 'ISO 4217; all amounts of the order and its refunds are in it';
COMMENT ON COLUMN orders.shipping_amount IS 'Before tax';
COMMENT ON COLUMN orders.ordered_at IS 'Determines the business day';
COMMENT ON COLUMN orders.updated_at IS 'Updated with every change of the order, its items or its refunds';

CREATE TABLE IF NOT EXISTS order_items (
    order_id        text REFERENCES orders ON DELETE CASCADE,
    line_number     int,
    sku             text,
    quantity        int,
    unit_price      numeric(14, 4),
    discount_amount numeric(14, 2),
    tax_amount      numeric(14, 2),
    unit_cost       numeric(14, 4),
    PRIMARY KEY (order_id, line_number)
);
COMMENT ON COLUMN order_items.unit_price IS 'Before discount and tax';
COMMENT ON COLUMN order_items.discount_amount IS 'Of the whole line';
COMMENT ON COLUMN order_items.tax_amount IS 'Of the whole line, after discount';

-- Without a foreign key: refunds outlive their archived orders.
CREATE TABLE IF NOT EXISTS refunds (
    refund_id   text PRIMARY KEY,
    order_id    text,
    line_number int,
    quantity    int,
    amount      numeric(14, 2),
    reason      text,
    refunded_at timestamptz,
    updated_at  timestamptz
);
COMMENT ON COLUMN refunds.line_number IS 'NULL: the whole order, or an amount without returned goods';
COMMENT ON COLUMN refunds.amount IS 'Merchandise, without tax and shipping';
COMMENT ON COLUMN refunds.refunded_at IS 'Determines the business day; may be days before updated_at';

CREATE INDEX IF NOT EXISTS customers_updated_at ON customers (updated_at);
CREATE INDEX IF NOT EXISTS products_updated_at ON products (updated_at);
CREATE INDEX IF NOT EXISTS orders_ordered_at ON orders (ordered_at);
CREATE INDEX IF NOT EXISTS orders_updated_at ON orders (updated_at);
CREATE INDEX IF NOT EXISTS refunds_order_id ON refunds (order_id);
CREATE INDEX IF NOT EXISTS refunds_refunded_at ON refunds (refunded_at);
CREATE INDEX IF NOT EXISTS refunds_updated_at ON refunds (updated_at);

-- The read-only role of the pipeline.
DO $$
BEGIN
    CREATE ROLE sales_reader LOGIN PASSWORD 'read-only';
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;
ALTER ROLE sales_reader SET default_transaction_read_only = on;
GRANT USAGE ON SCHEMA public TO sales_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO sales_reader;
