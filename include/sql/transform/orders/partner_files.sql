-- Partner files -> staged layout. Every CSV line repeats the header of its order: a line with invalid header columns is
-- rejected here, and the header is taken from the remaining line with the lowest number. The lines of an order in one
-- file are one version of it. A row that is a refund is no line of its order. An export has the same layout and its own
-- source name; all its files are one delivery, and none of them is recorded as loaded.

SET VARIABLE headers_are_records = FALSE;
SET VARIABLE versions_by_updated_at = TRUE;
SET VARIABLE files_are_deliveries = getvariable('source') = 'partner_files';

-- The merchandise of a refund is its amount, else quantity and price. A refund of shipping or fees may have none.
CREATE MACRO refunded_amount_fault(quantity, unit_price, gross_amount, other_amount) AS coalesce(
    quantity_fault(quantity, 'quantity'),
    CASE WHEN as_amount(quantity) < 0 THEN 'invalid_quantity quantity' END,
    amount_fault(gross_amount, 'gross_amount'),
    CASE
        WHEN gross_amount IS NULL
            THEN coalesce(
                price_fault(unit_price, 'unit_price'),
                CASE WHEN as_amount(unit_price) < 0 THEN 'negative_price unit_price' END,
                CASE
                    WHEN other_amount IS NULL
                        THEN coalesce(
                            missing(quantity, 'quantity'),
                            missing(unit_price, 'unit_price'),
                            CASE WHEN as_amount(quantity) = 0 THEN 'invalid_quantity quantity' END
                        )
                END,
                CASE
                    WHEN
                        quantity IS NOT NULL AND unit_price IS NOT NULL
                        AND coalesce(product_of(as_amount(quantity), as_amount(unit_price)) >= amount_limit(), TRUE)
                        THEN 'too_many_digits gross_amount'
                END
            )
    END
);

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
        as_text(raw.gross_amount) AS gross_amount,
        as_text(raw.shipping_amount) AS shipping_amount,
        as_text(raw.shipping_tax_amount) AS shipping_tax_amount,
        as_text(raw.fee_amount) AS fee_amount,
        as_text(raw.refunded_at) AS refunded_at,
        coalesce(raw.is_refund, FALSE) AS is_refund,
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
            SELECT  -- optional
                NULL::VARCHAR AS unit_cost,
                NULL::VARCHAR AS gross_amount,
                NULL::VARCHAR AS shipping_amount,
                NULL::VARCHAR AS shipping_tax_amount,
                NULL::VARCHAR AS fee_amount,
                NULL::VARCHAR AS refunded_at,
                NULL::BOOLEAN AS is_refund
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
            lookup_fault(order_id, 'order_id'),
            CASE WHEN partner <> owner THEN 'order_of_other_partner order_id' END,
            lookup_fault(sku, 'sku'),
            computed_fault(gross_amount),
            CASE
                WHEN is_refund
                    THEN coalesce(
                        missing(coalesce(refunded_at, ordered_at), 'refunded_at'),
                        instant_fault(refunded_at, 'refunded_at'),
                        CASE WHEN refunded_at IS NULL THEN parsed_fault(ordered_at, ordered_instant, 'ordered_at') END,
                        refunded_amount_fault(
                            quantity, unit_price, gross_amount, coalesce(shipping_amount, fee_amount)
                        ),
                        amount_fault(discount_amount, 'discount_amount'),
                        amount_fault(tax_amount, 'tax_amount')
                    )
                ELSE coalesce(
                    missing(ordered_at, 'ordered_at'),
                    missing(updated_at, 'updated_at'),
                    CASE
                        WHEN ordered_instant IS NULL THEN 'invalid_timestamp ordered_at'
                        WHEN updated_instant IS NULL THEN 'invalid_timestamp updated_at'
                    END,
                    parsed_fault(ordered_instant, ordered_instant, 'ordered_at'),
                    parsed_fault(updated_instant, updated_instant, 'updated_at'),
                    -- The negative amount of a line is a discount, but that of negative pieces a return.
                    CASE
                        WHEN gross_amount IS NOT NULL AND as_amount(quantity) <= 0 THEN 'invalid_quantity quantity'
                    END
                )
            END,
            missing(currency, 'currency'),
            currency_fault(currency, 'currency'),
            amount_fault(shipping_amount, 'shipping_amount'),
            amount_fault(shipping_tax_amount, 'shipping_tax_amount'),
            amount_fault(fee_amount, 'fee_amount')
        ) AS fault
    FROM trimmed
    LEFT JOIN contested USING (order_id)
)

SELECT
    * EXCLUDE (ordered_at, updated_at, ordered_instant, updated_instant),
    ordered_instant AS ordered_at,
    updated_instant AS updated_at,
    CASE WHEN is_refund THEN coalesce(as_instant(refunded_at), ordered_instant) END AS refunded_instant,
    CASE WHEN fault IS NOT NULL THEN to_json(judged) END AS raw
FROM judged;

-- Amounts of an order are the sums of its lines; of a repeated line, the newer row counts.
CREATE TABLE partner_order_amounts AS
SELECT
    order_id,
    version,
    sum(newest.shipping_amount)::VARCHAR AS shipping_amount,
    sum(newest.shipping_tax_amount)::VARCHAR AS shipping_tax_amount,
    sum(newest.fee_amount)::VARCHAR AS fee_amount
FROM (
    SELECT
        order_id,
        version,
        arg_max(
            struct_pack(
                shipping_amount := as_amount(shipping_amount),
                shipping_tax_amount := as_amount(shipping_tax_amount),
                fee_amount := as_amount(fee_amount)
            ),
            (updated_at, file, row_number)
        ) AS newest
    FROM partner_lines
    WHERE
        fault IS NULL
        AND NOT is_refund
        AND coalesce(shipping_amount, shipping_tax_amount, fee_amount) IS NOT NULL
    GROUP BY order_id, version, as_position(line_number)
) AS lines
GROUP BY order_id, version
UNION ALL
-- An amount that is invalid makes the whole order invalid.
SELECT DISTINCT
    order_id,
    version,
    'invalid',
    NULL,
    NULL
FROM partner_lines
WHERE
    NOT is_refund
    AND split_part(fault, ' ', 2) IN ('shipping_amount', 'shipping_tax_amount', 'fee_amount');

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
    WHERE fault IS NULL AND NOT is_refund
    GROUP BY order_id, version
),

amounts AS (
    SELECT
        order_id,
        version,
        max(shipping_amount) AS shipping_amount,  -- 'invalid' is greater than any number
        max(shipping_tax_amount) AS shipping_tax_amount,
        max(fee_amount) AS fee_amount
    FROM partner_order_amounts
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
    amounts.shipping_amount,
    amounts.shipping_tax_amount,
    amounts.fee_amount,
    NULL::VARCHAR AS tax_amount,
    first_line.ordered_at,
    updated_at,
    received_at,
    first_line.attributes
FROM versions
LEFT JOIN amounts USING (order_id, version);

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
    gross_amount,
    discount_amount,
    tax_amount,
    unit_cost,
    currency,
    updated_at AS line_updated_at
FROM partner_lines
WHERE fault IS NULL AND NOT is_refund;

-- One row is one refund. Its id ends with the day of its file; what precedes is the same in every file that repeats it.
-- Of these, 42_typed_refunds.sql takes the one in the file that sorts last, the newest of its partner. The SKU precedes
-- the line number, which may be the place in the file.
CREATE OR REPLACE VIEW staged_refunds AS
WITH delivered AS (
    SELECT
        *,
        concat_ws(
            '-', order_id, strftime(refunded_instant, '%Y%m%d%H%M%S'), coalesce(sku, line_number, '0')
        ) AS refunded_item
    FROM partner_lines
    WHERE fault IS NULL AND is_refund
),

numbered AS (
    SELECT
        *,
        concat_ws(
            '-', refunded_item, row_number() OVER (PARTITION BY file, refunded_item ORDER BY row_number)
        ) AS identity
    FROM delivered
),

refunds AS (
    SELECT
        CASE
            -- 05_ids.sql would replace the end, too.
            WHEN strlen(identity) > 180 OR is_unsafe(identity) THEN 'long-' || id_hash(identity)
            ELSE identity
        END AS identity,
        coalesce(
            nullif(replace(regexp_extract(file, '_(\d{4}-\d{2}-\d{2})\.csv', 1), '-', ''), ''), '0'
        ) AS file_day,
        order_id,
        line_number,
        file,
        row_number,
        as_amount(quantity) AS quantity,
        difference_of(
            coalesce(as_amount(gross_amount), product_of(as_amount(quantity), as_amount(unit_price)), 0),
            coalesce(as_amount(discount_amount), 0)
        ) AS merchandise_amount,
        (coalesce(as_amount(tax_amount), 0) + coalesce(as_amount(shipping_tax_amount), 0))::DECIMAL(18, 4)
            AS tax_amount,
        (coalesce(as_amount(shipping_amount), 0) + coalesce(as_amount(fee_amount), 0))::DECIMAL(18, 4)
            AS shipping_amount,
        NULL::VARCHAR AS reason,
        refunded_instant AS refunded_at,
        sku,
        CASE WHEN getvariable('files_are_deliveries') THEN partner END AS channel,
        currency
    FROM numbered
    UNION ALL
    SELECT
        left(refund_id, -9) AS identity,
        right(refund_id, 8) AS file_day,
        order_id,
        CASE
            -- Its order was unknown. Without a SKU, the id has the number.
            WHEN line_number = 0 AND sku IS NULL
                THEN nullif(regexp_extract(refund_id, '-\d{14}-(\d+)-\d+-\d{8}$', 1), '')
            ELSE line_number::VARCHAR
        END AS line_number,
        concat_ws('-', channel || '_' || left(file_day, 4), substr(file_day, 5, 2), right(file_day, 2)) AS file,
        file_row_number AS row_number,
        quantity,
        merchandise_amount,
        tax_amount,
        shipping_amount,
        reason,
        refunded_at,
        sku,
        channel,
        currency
    FROM read_parquet(getvariable('raw') || '/known_refunds.parquet', file_row_number = TRUE)
)

SELECT
    * EXCLUDE (identity, file_day),
    identity || '-' || max(file_day) OVER (PARTITION BY identity) AS refund_id,
    NULL::VARCHAR AS unallocated_amount
FROM refunds;

-- A row of a settlement is a payment, or the deposit. Fees are rows of their own, or in a column of each payment.
CREATE TABLE settlement_rows AS
SELECT
    *,
    lower(partner) || '-' || settlement_id AS payout_id
FROM (
    SELECT bounded(COLUMNS(*))
    FROM read_parquet(getvariable('raw') || '/settlements.parquet')
    UNION ALL BY NAME
    -- Extracts of former versions have no such column.
    SELECT NULL::VARCHAR AS fee_amount
    WHERE FALSE
) AS delivered;

CREATE OR REPLACE VIEW staged_payments AS
SELECT
    payout_id || '-' || row_number AS payment_id,
    order_id,
    file,
    row_number,
    kind,
    partner AS gateway,
    currency,
    amount,
    coalesce(nullif(trim(fee_amount), ''), '0') AS fee_amount,
    NULL::VARCHAR AS order_currency,
    NULL::VARCHAR AS order_amount,
    payout_id,
    FALSE AS is_test,
    posted_at AS processed_at,
    received_at
FROM settlement_rows
WHERE NOT is_deposit;

-- Without a row of its own, each row has the facts of the deposit.
CREATE OR REPLACE VIEW staged_payouts AS
SELECT
    payout_id,
    file,
    row_number,
    deposited_on AS issued_on,
    'paid' AS status,
    currency,
    deposit_amount AS amount,
    NULL::VARCHAR AS charges,
    NULL::VARCHAR AS refunds,
    NULL::VARCHAR AS fees,
    NULL::VARCHAR AS adjustments,
    settlement_id AS external_reference,
    received_at
FROM settlement_rows
WHERE payout_id IS NOT NULL OR is_deposit
QUALIFY
    is_deposit
    OR row_number() OVER (
        PARTITION BY file, payout_id ORDER BY is_deposit DESC, deposit_amount IS NULL ASC, row_number ASC
    ) = 1
UNION ALL
-- A payout of the previous delivery, which the new one names otherwise or lacks. Its payments go with its new version.
SELECT
    removed.order_id,
    removed.file,
    min(present.row_number),
    max(present.deposited_on),
    'canceled',
    max(present.currency),
    '0',
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    removed.received_at
FROM read_parquet(getvariable('raw') || '/removed_orders.parquet') AS removed
INNER JOIN settlement_rows AS present USING (file)
GROUP BY removed.order_id, removed.file, removed.received_at;

CREATE OR REPLACE VIEW kept_orders AS
FROM read_parquet(getvariable('raw') || '/kept_orders.parquet');

CREATE OR REPLACE VIEW kept_order_lines AS
FROM read_parquet(getvariable('raw') || '/kept_order_lines.parquet');

CREATE OR REPLACE VIEW staged_removals AS
SELECT
    order_id,
    received_at AS removed_at
FROM read_parquet(getvariable('raw') || '/removed_orders.parquet')
ANTI JOIN settlement_rows USING (file);

CREATE TABLE disagreeing_orders AS
SELECT
    order_id,
    min(file) AS file
FROM partner_lines
WHERE fault IS NULL AND NOT is_refund
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
        sum(
            CASE
                WHEN gross_amount IS NOT NULL
                    THEN CASE WHEN amount_fault(gross_amount, '') IS NULL THEN greatest(as_amount(gross_amount), 0) END
                WHEN
                    quantity_fault(quantity, '') IS NULL
                    AND price_fault(unit_price, '') IS NULL
                    AND abs(product_of(as_amount(quantity), as_amount(unit_price))) < amount_limit()
                    THEN product_of(as_amount(quantity), as_amount(unit_price))
            END
        ) AS amount
    FROM partner_lines
    WHERE NOT is_refund
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
    CASE
        WHEN contains(fault, ' = ') THEN substr(fault, strpos(fault, ' ') + 1)
        ELSE split_part(fault, ' ', 2) || coalesce(' = ' || (raw ->> split_part(fault, ' ', 2)), ' is empty')
    END AS detail,
    raw::VARCHAR AS raw
FROM partner_lines
WHERE fault IS NOT NULL;

CREATE OR REPLACE VIEW staged_rejected_amounts AS
SELECT
    file,
    currency,
    stated_amount(gross_amount, quantity, unit_price) AS amount
FROM partner_lines
WHERE fault IS NOT NULL AND NOT is_refund;

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
    UNION ALL
    SELECT 1 FROM read_parquet(getvariable('raw') || '/known_refunds.parquet')
    UNION ALL
    SELECT 1 FROM kept_order_lines
    UNION ALL
    SELECT 1 FROM staged_payments
    UNION ALL
    SELECT 1 FROM staged_payouts
) AS records;
