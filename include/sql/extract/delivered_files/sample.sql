-- DuckDB, after transform/values.sql and transform/orders/order_status.sql: the first lines of a file and its first refund
-- as they would be loaded, the first that would be rejected, and statuses that are no sale. Customers are not shown.
WITH lines AS (
    FROM read_parquet(getvariable('lines'))
    UNION ALL BY NAME
    SELECT  -- only in a layout of its own
        NULL::VARCHAR AS gross_amount,
        NULL::VARCHAR AS shipping_amount,
        NULL::VARCHAR AS refunded_at,
        NULL::BOOLEAN AS is_refund
    WHERE FALSE
),

judged AS MATERIALIZED (
    SELECT
        * REPLACE (coalesce(is_refund, FALSE) AS is_refund),
        coalesce(as_text(refunded_at), ordered_at) AS dated_at,
        coalesce(
            missing(as_text(order_id), 'order_id'),
            lookup_fault(clean_id(order_id), 'order_id'),
            lookup_fault(clean_id(sku), 'sku'),
            split_part(computed_fault(gross_amount), ' = ', 1),
            missing(as_text(dated_at), 'ordered_at'),
            CASE WHEN as_instant(dated_at) IS NULL THEN 'invalid_timestamp ordered_at' END,
            CASE WHEN NOT is_refund AND as_instant(updated_at) IS NULL THEN 'invalid_timestamp updated_at' END,
            missing(as_text(currency), 'currency'),
            currency_fault(currency, 'currency'),
            missing(as_text(quantity), 'quantity'),
            quantity_fault(as_text(quantity), 'quantity'),
            amount_fault(as_text(gross_amount), 'gross_amount'),
            CASE WHEN gross_amount IS NULL THEN missing(as_text(unit_price), 'unit_price') END,
            price_fault(as_text(unit_price), 'unit_price'),
            amount_fault(as_text(discount_amount), 'discount_amount'),
            amount_fault(as_text(tax_amount), 'tax_amount'),
            CASE
                WHEN is_refund THEN NULL
                WHEN as_amount(quantity) <= 0 THEN 'invalid_quantity quantity'
                WHEN gross_amount IS NULL AND as_amount(unit_price) < 0 THEN 'negative_price unit_price'
            END
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
            strftime(as_instant(dated_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC'),
            coalesce(nullif(safe_id(sku), ''), product_name),
            concat_ws(' ', as_amount(quantity)::DOUBLE || ' ×', coalesce(as_amount(unit_price), as_amount(gross_amount)), currency),
            'discount ' || nullif(as_amount(discount_amount), 0),
            'tax ' || nullif(as_amount(tax_amount), 0),
            'shipping ' || nullif(as_amount(shipping_amount), 0),
            country_code
        ) AS text
    FROM judged
    WHERE fault IS NULL
    QUALIFY row_number() OVER (ORDER BY row_number) <= 3 OR row_number() OVER (PARTITION BY is_refund ORDER BY row_number) = 1
    ORDER BY row_number
),

uncounted AS (
    SELECT
        coalesce(lower(as_text(judged.status)), 'unknown') AS status,
        count(*) AS lines
    FROM judged
    ANTI JOIN order_status ON lower(as_text(judged.status)) = order_status.status
    WHERE judged.fault IS NULL AND NOT judged.is_refund
    GROUP BY ALL
    ORDER BY lines DESC, status
    LIMIT 3
)

SELECT
    'ok' AS state,
    mask_e_mails(text) AS text
FROM shown
UNION ALL
SELECT
    'hint' AS state,
    count(*) || ' of the lines read would be rejected, the first is line ' || min(row_number) || ': '
    || arg_min(fault, row_number)
FROM judged
WHERE fault IS NOT NULL
HAVING count(*) > 0
UNION ALL
SELECT
    'hint' AS state,
    'order_status.sql does not list the status ' || mask_e_mails(status) || ' (lines read: ' || lines
    || '): its orders do not count'
FROM uncounted
