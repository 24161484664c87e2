-- DuckDB: tables for the raw folder of partner_files, and variables with the paths of that folder and of the folder `work`,
-- which has the lines of each file that was read.
{% macro quoted(value) %}'{{ value | string | replace("'", "''") }}'{% endmacro %}
SET VARIABLE folder = {{ quoted(folder) }};
SET VARIABLE work = {{ quoted(work) }};

{% include "extract/create_rejects.sql" %}

{% include "extract/delivered_files/create_tables.sql" %}

-- It stays empty: it has the columns of the files that sources/delivered_files.py writes. Those after `received_at` are
-- optional.
CREATE TABLE no_lines (
    order_id VARCHAR,
    line_number VARCHAR,
    ordered_at VARCHAR,
    updated_at VARCHAR,
    status VARCHAR,
    sku VARCHAR,
    product_name VARCHAR,
    category VARCHAR,
    quantity VARCHAR,
    unit_price VARCHAR,
    discount_amount VARCHAR,
    tax_amount VARCHAR,
    currency VARCHAR,
    customer_email VARCHAR,
    country_code VARCHAR,
    file VARCHAR,
    partner VARCHAR,
    row_number BIGINT,
    received_at TIMESTAMPTZ,
    gross_amount VARCHAR,
    shipping_amount VARCHAR,
    shipping_tax_amount VARCHAR,
    fee_amount VARCHAR,
    refunded_at VARCHAR,
    is_refund BOOLEAN
);

CREATE TABLE files (
    file VARCHAR,
    partner VARCHAR,
    sha256 VARCHAR,
    received_at TIMESTAMPTZ,
    lines BIGINT,
    order_ids VARCHAR[],
    warnings VARCHAR[],
    columns MAP(VARCHAR, VARCHAR)
);

-- The lines, if there is no file to read; the first file that is read replaces them.
COPY no_lines TO (getvariable('work') || '/1.parquet') (FORMAT parquet);
