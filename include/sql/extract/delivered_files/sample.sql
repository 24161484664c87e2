-- DuckDB, after transform/values.sql: the first three lines of a file as they would be loaded, and the first that would be
-- rejected. Customers are not shown.
WITH lines AS (
    FROM read_parquet(getvariable('lines'))
    UNION ALL BY NAME
    SELECT  -- only in a layout of its own
        NULL::VARCHAR AS gross_amount,
        NULL::VARCHAR AS shipping_amount,
        NULL::BOOLEAN AS is_refund
    WHERE FALSE
),

judged AS (
    SELECT
        *,
        coalesce(
            missing(as_text(order_id), 'order_id'),
            missing(as_text(ordered_at), 'ordered_at'),
            CASE WHEN as_instant(ordered_at) IS NULL THEN 'invalid_timestamp ordered_at' END,
            CASE WHEN as_instant(updated_at) IS NULL THEN 'invalid_timestamp updated_at' END,
            missing(as_text(currency), 'currency'),
            currency_fault(currency, 'currency'),
            missing(as_text(quantity), 'quantity'),
            quantity_fault(as_text(quantity), 'quantity'),
            amount_fault(as_text(gross_amount), 'gross_amount'),
            CASE WHEN gross_amount IS NULL THEN missing(as_text(unit_price), 'unit_price') END,
            price_fault(as_text(unit_price), 'unit_price'),
            amount_fault(as_text(discount_amount), 'discount_amount'),
            amount_fault(as_text(tax_amount), 'tax_amount')
        ) AS fault
    FROM lines
),

shown AS (
    SELECT
        row_number,
        concat_ws(
            ', ',
            'line ' || row_number || ': ' || CASE WHEN is_refund THEN 'refund of ' ELSE '' END || 'order ' || safe_id(order_id),
            'line ' || line_number,
            status,
            strftime(as_instant(ordered_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC'),
            safe_id(sku),
            as_amount(quantity)::DOUBLE || ' × ' || as_amount(unit_price) || ' ' || currency,
            'discount ' || nullif(as_amount(discount_amount), 0),
            'tax ' || nullif(as_amount(tax_amount), 0),
            'shipping ' || nullif(as_amount(shipping_amount), 0),
            country_code
        ) AS text
    FROM judged
    WHERE fault IS NULL
    ORDER BY row_number
    LIMIT 3
)

SELECT
    'ok' AS state,
    mask_e_mails(text) AS text
FROM shown
UNION ALL
SELECT
    'hint' AS state,
    'line ' || min(row_number) || ' would be rejected (' || arg_min(fault, row_number) || '), and so would '
    || count(*) - 1 || ' of the other lines read'
FROM judged
WHERE fault IS NOT NULL
HAVING count(*) > 0
