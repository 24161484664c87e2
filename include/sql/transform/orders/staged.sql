-- The staged layout as empty views. A source replaces the views that it has rows for; later steps read only these
-- views. staged_columns.md describes the columns; values may still be text.

-- One row per source of this transform: source, raw folder, read_at, control_totals.
CREATE TABLE sources AS
SELECT unnest(getvariable('sources'), recursive := TRUE);

-- DuckDB compares and writes an ENUM in a fifth of the time of a text. In Parquet both are text.
CREATE TYPE source_name AS ENUM (SELECT source FROM sources);  -- noqa: convention.statement_brackets

SET VARIABLE read_ats = (SELECT map(list(source), list(read_at)) FROM sources);
CREATE MACRO read_at_of(source) AS getvariable('read_ats')[source];

-- The files of all sources with a path in their raw folders, and the source of a raw folder.
SET VARIABLE sources_by_folder = (SELECT map(list(raw), list(source)) FROM sources);
CREATE MACRO raw_files(path) AS list_transform(map_keys(getvariable('sources_by_folder')), LAMBDA raw: raw || path);
CREATE MACRO source_in(raw) AS getvariable('sources_by_folder')[raw]::source_name;

-- A version of an order that no other source of this transform has, by its number in its source, and this number.
CREATE MACRO version_of_source(source, number) AS enum_code(source) * 1000000000000 + number;
CREATE MACRO number_of_version(version) AS version % 1000000000000;

-- A staged view has a column `source` only where its file maps several sources.
CREATE MACRO source_or_own(source) AS coalesce(source, getvariable('source'))::source_name;
CREATE MACRO with_source(staged) AS TABLE
    SELECT * REPLACE (source_or_own(source) AS source)
    FROM (
        FROM query_table(staged)
        UNION ALL BY NAME
        SELECT NULL::VARCHAR AS source
        WHERE FALSE
    ) AS rows_of_sources;

-- FALSE: the source has no order headers; they are derived from lines, so an order without lines does not exist.
SET VARIABLE headers_are_records = TRUE;

-- TRUE: the version with the later updated_at is newer, whenever it was received (files).
SET VARIABLE versions_by_updated_at = FALSE;

-- TRUE: each file is a delivery of its own, which is recorded in loaded_files and has control totals of its own.
SET VARIABLE files_are_deliveries = FALSE;

CREATE VIEW staged_orders AS
SELECT
    NULL::VARCHAR AS order_id,
    0::BIGINT AS version,
    NULL::VARCHAR AS file,
    0::BIGINT AS row_number,
    NULL::VARCHAR AS channel,
    NULL::VARCHAR AS status,
    NULL::VARCHAR AS currency,
    NULL::VARCHAR AS country_code,
    NULL::VARCHAR AS customer_email,
    NULL::VARCHAR AS customer_id,
    NULL::VARCHAR AS coupon_code,
    FALSE AS is_test,
    NULL::VARCHAR AS shipping_amount,
    NULL::VARCHAR AS fee_amount,
    NULL::VARCHAR AS tax_amount,
    NULL::VARCHAR AS ordered_at,
    NULL::VARCHAR AS updated_at,
    NULL::TIMESTAMPTZ AS received_at,
    NULL::VARCHAR AS attributes
WHERE FALSE;

CREATE VIEW staged_order_lines AS
SELECT
    NULL::VARCHAR AS order_id,
    0::BIGINT AS version,
    NULL::VARCHAR AS line_number,
    NULL::VARCHAR AS file,
    0::BIGINT AS row_number,
    NULL::VARCHAR AS sku,
    NULL::VARCHAR AS product_name,
    NULL::VARCHAR AS category,
    NULL::VARCHAR AS quantity,
    NULL::VARCHAR AS unit_price,
    NULL::VARCHAR AS gross_amount,
    NULL::VARCHAR AS discount_amount,
    NULL::VARCHAR AS tax_amount,
    NULL::VARCHAR AS currency,
    NULL::TIMESTAMPTZ AS line_updated_at
WHERE FALSE;

CREATE VIEW staged_refunds AS
SELECT
    NULL::VARCHAR AS refund_id,
    NULL::VARCHAR AS order_id,
    NULL::VARCHAR AS line_number,
    NULL::VARCHAR AS file,
    0::BIGINT AS row_number,
    NULL::VARCHAR AS quantity,
    NULL::VARCHAR AS merchandise_amount,
    NULL::VARCHAR AS tax_amount,
    NULL::VARCHAR AS shipping_amount,
    NULL::VARCHAR AS unallocated_amount,
    NULL::VARCHAR AS reason,
    NULL::VARCHAR AS refunded_at
WHERE FALSE;

CREATE VIEW staged_payments AS
SELECT
    NULL::VARCHAR AS payment_id,
    NULL::VARCHAR AS order_id,
    NULL::VARCHAR AS file,
    0::BIGINT AS row_number,
    NULL::VARCHAR AS kind,
    NULL::VARCHAR AS gateway,
    NULL::VARCHAR AS currency,
    NULL::VARCHAR AS amount,
    NULL::VARCHAR AS fee_amount,
    NULL::VARCHAR AS order_currency,
    NULL::VARCHAR AS order_amount,
    NULL::VARCHAR AS payout_id,
    FALSE AS is_test,
    NULL::VARCHAR AS processed_at,
    NULL::TIMESTAMPTZ AS received_at
WHERE FALSE;

CREATE VIEW staged_payouts AS
SELECT
    NULL::VARCHAR AS payout_id,
    NULL::VARCHAR AS file,
    0::BIGINT AS row_number,
    NULL::VARCHAR AS issued_on,
    NULL::VARCHAR AS status,
    NULL::VARCHAR AS currency,
    NULL::VARCHAR AS amount,
    NULL::VARCHAR AS charges,
    NULL::VARCHAR AS refunds,
    NULL::VARCHAR AS fees,
    NULL::VARCHAR AS adjustments,
    NULL::VARCHAR AS external_reference,
    NULL::TIMESTAMPTZ AS received_at
WHERE FALSE;

-- Stored orders and lines, with all columns of their tables, of which refunds arrive. They compete with the versions of
-- this read, and stay as they are where none is newer.
CREATE VIEW kept_orders AS
SELECT
    NULL::VARCHAR AS source,
    NULL::VARCHAR AS order_id,
    NULL::VARCHAR AS run_id,
    NULL::TIMESTAMPTZ AS updated_at,
    NULL::TIMESTAMPTZ AS read_at
WHERE FALSE;

CREATE VIEW kept_order_lines AS
SELECT
    NULL::VARCHAR AS source,
    NULL::VARCHAR AS order_id,
    NULL::VARCHAR AS channel,
    NULL::VARCHAR AS currency,
    NULL::VARCHAR AS status,
    NULL::VARCHAR AS country_code,
    NULL::DECIMAL(18, 4) AS gross_amount,
    NULL::VARCHAR AS run_id
WHERE FALSE;

CREATE VIEW staged_removals AS
SELECT
    NULL::VARCHAR AS order_id,
    NULL::TIMESTAMPTZ AS removed_at
WHERE FALSE;

CREATE VIEW staged_products AS
SELECT
    NULL::VARCHAR AS sku,
    NULL::VARCHAR AS name,
    NULL::VARCHAR AS category,
    NULL::VARCHAR AS updated_at
WHERE FALSE;

CREATE VIEW staged_customers AS
SELECT
    NULL::VARCHAR AS customer_email,
    NULL::VARCHAR AS customer_id,
    NULL::VARCHAR AS country_code,
    NULL::VARCHAR AS updated_at
WHERE FALSE;

CREATE VIEW staged_rates AS
SELECT
    NULL::VARCHAR AS rate_date,
    NULL::VARCHAR AS currency,
    NULL::VARCHAR AS rate,
    NULL::VARCHAR AS file,
    0::BIGINT AS row_number
WHERE FALSE;

CREATE VIEW staged_files AS
SELECT
    NULL::VARCHAR AS file,
    NULL::VARCHAR AS sha256,
    NULL::TIMESTAMPTZ AS received_at,
    NULL::VARCHAR[] AS order_ids,
    0::BIGINT AS rows_read,
    0::BIGINT AS source_orders,
    0::DECIMAL(38, 4) AS source_amount,
    NULL::VARCHAR[] AS warnings
WHERE FALSE;

-- What a file calls the columns that have another name there.
CREATE VIEW staged_column_names AS
SELECT
    NULL::VARCHAR AS file,
    NULL::VARCHAR AS name,
    NULL::VARCHAR AS file_name
WHERE FALSE;

CREATE VIEW staged_rejects AS
SELECT
    NULL::VARCHAR AS file,
    0::BIGINT AS row_number,
    NULL::VARCHAR AS reason,
    NULL::VARCHAR AS detail,
    NULL::VARCHAR AS raw
WHERE FALSE;

-- Readable amounts of rejected lines.
CREATE VIEW staged_rejected_amounts AS
SELECT
    NULL::VARCHAR AS file,
    NULL::VARCHAR AS currency,
    0::DECIMAL(38, 4) AS amount
WHERE FALSE;

CREATE VIEW staged_warnings AS
SELECT NULL::VARCHAR AS warning
WHERE FALSE;
