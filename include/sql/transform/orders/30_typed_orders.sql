-- Order headers: casts text to instants and numbers. `fault` is '<reason> <column>' where a header is invalid, such as
-- 'missing_value currency' (values.sql), else NULL.

CREATE VIEW typed_orders AS
SELECT
    source,
    order_id,
    version,
    file,
    row_number,
    coalesce(shortened(as_text(channel), 200), source) AS channel,
    coalesce(mask_e_mails(lower(as_text(staged_orders.status))), 'unknown') AS status,
    upper(as_text(currency)) AS currency,
    as_country(country_code) AS country_code,
    customer_key(customer_email, source, customer_id) AS customer_key,
    mask_e_mails(as_text(coupon_code)) AS coupon_code,
    coalesce(try_cast(is_test AS BOOLEAN), FALSE) AS is_test,
    coalesce(as_amount(shipping_amount), 0) AS shipping_amount,
    coalesce(as_amount(fee_amount), 0) AS fee_amount,
    as_amount(tax_amount) AS tax_amount,
    coalesce(as_amount(shipping_tax_amount), 0) AS shipping_tax_amount,
    ordered_instant AS ordered_at,
    coalesce(updated_instant, ordered_instant) AS updated_at,
    received_at,
    named_attributes(attributes) AS attributes,
    coalesce(
        missing(nullif(order_id, ''), 'order_id'),
        CASE
            WHEN ordered_at IS NOT NULL THEN NULL
            WHEN
                lower(
                    as_text(staged_orders.status)) IN (
                    SELECT status FROM order_status
                    WHERE is_draft
                )
                THEN 'undated_draft ordered_at'
            ELSE 'missing_value ordered_at'
        END,
        parsed_fault_by(ordered_at, ordered_instant, 'ordered_at', read_at_of(source)),
        parsed_fault_by(updated_at, updated_instant, 'updated_at', read_at_of(source)),
        missing(as_text(currency), 'currency'),
        currency_fault(currency, 'currency'),
        amount_fault(shipping_amount, 'shipping_amount'),
        amount_fault(shipping_tax_amount, 'shipping_tax_amount'),
        amount_fault(fee_amount, 'fee_amount'),
        amount_fault(tax_amount, 'tax_amount')
    ) AS fault
FROM (
    SELECT
        *,
        as_instant(ordered_at) AS ordered_instant,
        as_instant(updated_at) AS updated_instant
    FROM staged_orders
    UNION ALL BY NAME
    SELECT  -- optional: a source need not have them
        NULL::VARCHAR AS channel,
        NULL::VARCHAR AS shipping_tax_amount
    WHERE FALSE
) AS staged_orders;
