-- Refunds: casts text to numbers and instants. `fault` names the reason why a refund is invalid. Of a repeated refund
-- the later one counts.

CREATE TABLE refunded_orders AS
SELECT
    source::source_name AS source,
    order_id,
    business_date,
    channel,
    country_code,
    currency,
    is_sale,
    is_test,
    gross_amount::DECIMAL(38, 4) - discount_amount AS merchandise_amount,
    tax_amount,
    shipping_amount::DECIMAL(38, 4) + fee_amount AS shipping_amount
FROM written_orders
SEMI JOIN staged_refunds USING (source, order_id);

CREATE TABLE refunded_lines AS
SELECT
    source::source_name AS source,
    order_id,
    line_number,
    sku,
    category,
    quantity,
    cost_amount
FROM written_order_lines
SEMI JOIN refunded_orders USING (source, order_id);

-- One row per line of a refund; an invalid line makes the whole refund invalid. A refund that names a SKU is one of the
-- line with its number, else of the first line with this SKU.
CREATE TABLE typed_refunds AS
WITH lines_of_skus AS (
    SELECT
        source,
        order_id,
        sku,
        list(line_number ORDER BY line_number) AS line_numbers
    FROM refunded_lines
    GROUP BY source, order_id, sku
),

cast_refunds AS (
    SELECT
        source,
        refund_id,
        order_id,
        file,
        row_number,
        CASE
            WHEN list_contains(line_numbers, as_position(line_number)) THEN as_position(line_number)
            ELSE coalesce(line_numbers[1], as_position(line_number))
        END AS line_number,
        sku,
        channel,
        upper(as_text(currency)) AS currency,
        coalesce(as_amount(quantity), 0) AS quantity,
        coalesce(as_amount(merchandise_amount), 0) AS merchandise_amount,
        coalesce(as_amount(tax_amount), 0) AS tax_amount,
        coalesce(as_amount(shipping_amount), 0) AS shipping_amount,
        coalesce(as_amount(unallocated_amount), 0) AS unallocated_amount,
        mask_e_mails(as_text(reason)) AS reason,
        as_instant(refunded_at) AS refunded_at,
        coalesce(
            missing(refund_id, 'refund_id'),
            missing(order_id, 'order_id'),
            missing(refunded_at, 'refunded_at'),
            instant_fault_by(refunded_at, 'refunded_at', read_at_of(source)),
            -- One amount is enough; without any, the refund is unknown and not 0.
            missing(
                coalesce(
                    merchandise_amount::VARCHAR, tax_amount::VARCHAR, shipping_amount::VARCHAR,
                    unallocated_amount::VARCHAR
                ),
                'amount'
            ),
            position_fault(line_number, 'line_number'),
            quantity_fault(quantity, 'quantity'),
            amount_fault(merchandise_amount, 'merchandise_amount'),
            amount_fault(tax_amount, 'tax_amount'),
            amount_fault(shipping_amount, 'shipping_amount'),
            amount_fault(unallocated_amount, 'unallocated_amount'),
            CASE WHEN as_amount(unallocated_amount) < 0 THEN 'negative_price unallocated_amount' END,
            CASE
                WHEN
                    (source, order_id) IN (SELECT (source, order_id) FROM rejected_orders)
                    AND (source, order_id) NOT IN (SELECT (source, order_id) FROM refunded_orders)
                    THEN 'order_rejected order_id'
            END
        ) AS row_fault,
        record
    FROM (
        SELECT
            *,
            struct_pack(*COLUMNS(* EXCLUDE (source))) AS record
        FROM (
            SELECT bounded(COLUMNS(*))
            FROM (
                FROM staged_refunds
                UNION ALL BY NAME
                SELECT  -- optional
                    NULL::VARCHAR AS sku,
                    NULL::VARCHAR AS channel,
                    NULL::VARCHAR AS currency
                WHERE FALSE
            ) AS refunds
        ) AS bounded_refunds
    ) AS staged_refunds
    LEFT JOIN lines_of_skus USING (source, order_id, sku)
),

-- The line of a voucher is negative in its order and in its refund; the refund as a whole must not be negative.
judged_refunds AS (
    SELECT
        * REPLACE (
            coalesce(
                row_fault,
                CASE
                    WHEN
                        merchandise_amount < 0
                        AND sum(
                            merchandise_amount::DECIMAL(38, 4) + tax_amount + shipping_amount + unallocated_amount
                        ) OVER (PARTITION BY source, file, row_number) < 0
                        THEN 'negative_price merchandise_amount'
                END
            ) AS row_fault
        )
    FROM cast_refunds
),

faults AS (
    SELECT
        *,
        min(row_fault) OVER (PARTITION BY source, file, row_number) AS fault
    FROM judged_refunds
)

SELECT
    * EXCLUDE (record, row_fault),
    CASE WHEN row_fault = fault THEN to_json(record) END AS raw,
    fault IS NULL AND dense_rank() OVER (
        PARTITION BY source, refund_id ORDER BY fault IS NOT NULL, file DESC, row_number DESC
    ) = 1 AS is_accepted
FROM faults;
