-- Partner files -> staged layout. Every CSV line repeats the header of its order: a line with invalid header columns is
-- rejected here, and the header is taken from the remaining line with the lowest number. The lines of an order in one
-- file are one version of it. An export has the same layout and its own source name; all its files are one delivery,
-- and none of them is recorded as loaded.

SET VARIABLE headers_are_records = FALSE;
SET VARIABLE versions_by_updated_at = TRUE;
SET VARIABLE files_are_deliveries = getvariable('source') = 'partner_files';

CREATE TABLE partner_lines AS
WITH trimmed AS (
    SELECT
        nullif(safe_id(raw.order_id), '') AS order_id,  -- as in loaded_files
        files.version,
        as_text(raw.line_number) AS line_number,
        raw.file,
        raw.row_number,
        raw.partner,
        raw.received_at,
        as_text(raw.status) AS status,
        safe_id(as_text(raw.sku)) AS sku,
        as_text(raw.product_name) AS product_name,
        as_text(raw.category) AS category,
        as_text(raw.quantity) AS quantity,
        as_text(raw.unit_price) AS unit_price,
        as_text(raw.discount_amount) AS discount_amount,
        as_text(raw.tax_amount) AS tax_amount,
        as_text(raw.unit_cost) AS unit_cost,
        upper(as_text(raw.currency)) AS currency,
        as_text(raw.customer_email) AS customer_email,
        upper(as_text(raw.country_code)) AS country_code,
        as_text(raw.ordered_at) AS ordered_at,
        as_text(raw.updated_at) AS updated_at,
        as_instant(raw.ordered_at) AS ordered_instant,
        as_instant(raw.updated_at) AS updated_instant,
        named_attributes(to_json(raw)) AS attributes
    FROM (
        SELECT
            order_id,
            CASE
                -- Of several products, which only their names tell apart.
                WHEN contains(sku, '+') AND is_rounded(as_text(sku))
                    THEN concat_ws(' ', as_text(sku), as_text(product_name))
                ELSE sku
            END AS sku,
            bounded(COLUMNS(* EXCLUDE (order_id, sku)))
        FROM (
            FROM read_parquet(getvariable('raw') || '/lines.parquet')
            UNION ALL BY NAME
            SELECT NULL::VARCHAR AS unit_cost  -- optional
            WHERE FALSE
        ) AS delivered
    ) AS raw
    INNER JOIN (
        SELECT
            file,
            CASE WHEN getvariable('files_are_deliveries') THEN row_number() OVER (ORDER BY file) ELSE 0 END AS version
        FROM read_parquet(getvariable('raw') || '/files.parquet')
    ) AS files USING (file)
),

-- An order id belongs to the partner whose file was loaded first or, among new files, received first.
contested AS (
    SELECT
        order_id,
        arg_min(partner, (is_new, received_at, file)) AS owner
    FROM (
        SELECT
            order_id,
            partner,
            TRUE AS is_new,
            received_at,
            file
        FROM trimmed
        UNION ALL
        SELECT
            order_id,
            partner,
            FALSE AS is_new,
            received_at,
            file
        FROM read_parquet(getvariable('raw') || '/known_orders.parquet')
    ) AS occurrences
    GROUP BY order_id
    HAVING min(partner) <> max(partner)
),

judged AS (
    SELECT
        trimmed.*,
        coalesce(
            missing(order_id, 'order_id'),
            CASE WHEN partner <> owner THEN 'order_of_other_partner order_id' END,
            missing(ordered_at, 'ordered_at'),
            missing(updated_at, 'updated_at'),
            CASE
                WHEN ordered_instant IS NULL THEN 'invalid_timestamp ordered_at'
                WHEN updated_instant IS NULL THEN 'invalid_timestamp updated_at'
            END,
            instant_fault(ordered_instant, 'ordered_at'),
            instant_fault(updated_instant, 'updated_at'),
            missing(currency, 'currency'),
            currency_fault(currency, 'currency')
        ) AS fault
    FROM trimmed
    LEFT JOIN contested USING (order_id)
)

SELECT
    * EXCLUDE (ordered_at, updated_at, ordered_instant, updated_instant),
    ordered_instant AS ordered_at,
    updated_instant AS updated_at,
    CASE WHEN fault IS NOT NULL THEN to_json(judged) END AS raw
FROM judged;

CREATE TABLE partner_orders AS
WITH versions AS (
    SELECT
        order_id,
        version,
        max(received_at) AS received_at,
        max(updated_at) AS updated_at,
        arg_min(
            struct_pack(
                status := status, currency := currency, country_code := country_code, customer_email := customer_email,
                ordered_at := ordered_at, file := file, row_number := row_number, partner := partner,
                attributes := attributes
            ),
            (coalesce(as_position(line_number), 9223372036854775807), -epoch_us(updated_at), file, row_number)
        ) AS first_line
    FROM partner_lines
    WHERE fault IS NULL
    GROUP BY order_id, version
)

SELECT
    order_id,
    version,
    first_line.file,
    first_line.row_number,
    CASE WHEN getvariable('files_are_deliveries') THEN first_line.partner END AS channel,
    first_line.status,
    first_line.currency,
    first_line.country_code,
    first_line.customer_email,
    NULL::VARCHAR AS customer_id,
    NULL::VARCHAR AS coupon_code,
    FALSE AS is_test,
    NULL::VARCHAR AS shipping_amount,
    NULL::VARCHAR AS fee_amount,
    NULL::VARCHAR AS tax_amount,
    first_line.ordered_at,
    updated_at,
    received_at,
    first_line.attributes
FROM versions;

CREATE OR REPLACE VIEW staged_orders AS
FROM partner_orders;

CREATE OR REPLACE VIEW staged_order_lines AS
SELECT
    order_id,
    version,
    line_number,
    file,
    row_number,
    sku,
    product_name,
    category,
    quantity,
    unit_price,
    NULL::VARCHAR AS gross_amount,
    discount_amount,
    tax_amount,
    unit_cost,
    currency,
    updated_at AS line_updated_at
FROM partner_lines
WHERE fault IS NULL;

CREATE OR REPLACE VIEW staged_removals AS
SELECT
    order_id,
    received_at AS removed_at
FROM read_parquet(getvariable('raw') || '/removed_orders.parquet');

CREATE TABLE disagreeing_orders AS
SELECT
    order_id,
    min(file) AS file
FROM partner_lines
WHERE fault IS NULL
GROUP BY order_id, version
HAVING
    min(lower(coalesce(status, ''))) <> max(lower(coalesce(status, '')))
    OR min(currency) <> max(currency)
    OR min(ordered_at) <> max(ordered_at)
    OR min(lower(coalesce(customer_email, ''))) <> max(lower(coalesce(customer_email, '')))
    OR min(coalesce(country_code, '')) <> max(coalesce(country_code, ''));

CREATE MACRO disagreement(file, orders, example) AS
json_object(
    'kind', 'lines_differ', 'file', file, 'place', coalesce(file || ': ', ''), 'orders', orders, 'example', example
)::VARCHAR;

-- Leaves out orders that belong to another partner, so that a later delivery of the file cannot remove them. The
-- warnings about a file are stored with it: they apply as long as the delivery is in force.
CREATE OR REPLACE VIEW staged_files AS
WITH foreign_orders AS (
    SELECT
        file,
        list(DISTINCT order_id) AS order_ids
    FROM partner_lines
    WHERE fault LIKE 'order_of_other_partner%'
    GROUP BY file
),

file_totals AS (
    SELECT
        file,
        count(DISTINCT order_id) AS orders,
        sum(product_of(as_amount(quantity), as_amount(unit_price))) FILTER (
            quantity_fault(quantity, '') IS NULL
            AND price_fault(unit_price, '') IS NULL
            AND abs(product_of(as_amount(quantity), as_amount(unit_price))) < amount_limit()
        ) AS amount
    FROM partner_lines
    GROUP BY file
),

disagreeing AS (
    SELECT
        file,
        disagreement(file, count(*), min(order_id)) AS warning
    FROM disagreeing_orders
    GROUP BY file
)

SELECT
    files.file,
    files.sha256,
    files.received_at,
    list_filter(files.order_ids, LAMBDA id: NOT list_contains(coalesce(foreign_orders.order_ids, []), id)) AS order_ids,
    files.lines AS rows_read,
    coalesce(file_totals.orders, 0) AS source_orders,
    coalesce(file_totals.amount, 0) AS source_amount,
    list_filter(list_append(files.warnings, disagreeing.warning), LAMBDA one: one IS NOT NULL) AS warnings
FROM read_parquet(getvariable('raw') || '/files.parquet') AS files
LEFT JOIN foreign_orders USING (file)
LEFT JOIN file_totals USING (file)
LEFT JOIN disagreeing USING (file)
WHERE getvariable('files_are_deliveries');

CREATE OR REPLACE VIEW staged_column_names AS
SELECT
    file,
    unnest(map_keys(columns)) AS name,
    unnest(map_values(columns)) AS file_name
FROM read_parquet(getvariable('raw') || '/files.parquet');

CREATE OR REPLACE VIEW staged_rejects AS
SELECT
    file,
    row_number,
    reason,
    detail,
    raw
FROM read_parquet(getvariable('raw') || '/rejects.parquet')
UNION ALL
SELECT
    file,
    row_number,
    split_part(fault, ' ', 1) AS reason,
    split_part(fault, ' ', 2) || coalesce(' = ' || (raw ->> split_part(fault, ' ', 2)), ' is empty') AS detail,
    raw::VARCHAR AS raw
FROM partner_lines
WHERE fault IS NOT NULL;

CREATE OR REPLACE VIEW staged_rejected_amounts AS
SELECT
    file,
    currency,
    stated_product(quantity, unit_price) AS amount
FROM partner_lines
WHERE fault IS NOT NULL;

CREATE OR REPLACE VIEW staged_warnings AS
SELECT disagreement(file, count(*), min(order_id)) AS warning
FROM disagreeing_orders
WHERE getvariable('files_are_deliveries')
GROUP BY file
UNION ALL
SELECT disagreement(NULL, count(*), min(order_id))
FROM disagreeing_orders
HAVING count(*) > 0 AND NOT getvariable('files_are_deliveries');

CREATE VIEW staged_rows_read AS
SELECT count(*) AS rows_read
FROM (
    SELECT 1 FROM read_parquet(getvariable('raw') || '/lines.parquet')
    UNION ALL
    SELECT 1 FROM read_parquet(getvariable('raw') || '/rejects.parquet')
) AS records;
