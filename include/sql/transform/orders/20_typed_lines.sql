-- Lines: casts text to numbers. `fault` is '<reason> <column>' where a line is invalid, such as 'invalid_number
-- quantity' (values.sql), else NULL. If the source provides the amount of a line, a negative amount is a discount with
-- quantity 0, whatever quantity the source has: that of a piece that is taken back, which gives its cost back, or of a
-- voucher, which costs nothing. A negative price is invalid.

CREATE VIEW typed_lines AS
WITH cast_lines AS (
    SELECT
        source,
        order_id,
        version,
        file,
        row_number,
        as_position(line_number) AS line_number,
        nullif(safe_id(sku), '') AS sku,
        mask_e_mails(as_text(product_name)) AS product_name,
        mask_e_mails(as_text(category)) AS category,
        as_amount(quantity) AS quantity,
        as_amount(unit_price) AS unit_price,
        CASE
            WHEN gross_amount IS NULL THEN product_of(as_amount(quantity), as_amount(unit_price))
            ELSE as_amount(gross_amount)
        END AS gross_amount,
        coalesce(as_amount(discount_amount), 0) AS discount_amount,
        coalesce(as_amount(tax_amount), 0) AS tax_amount,
        coalesce(as_amount(cost_amount), product_of(as_amount(quantity), as_amount(unit_cost))) AS stated_cost,
        line_updated_at,
        upper(as_text(currency)) AS currency,
        -- Here and below, the texts of the staged columns: DuckDB prefers them to the aliases above.
        gross_amount IS NOT NULL AS is_stated,
        coalesce(
            as_amount(gross_amount) < 0 OR (as_amount(gross_amount) = 0 AND as_amount(discount_amount) > 0), FALSE
        ) AS is_negative,
        coalesce(
            missing(order_id, 'order_id'),
            missing(line_number, 'line_number'),
            position_fault(line_number, 'line_number'),
            missing(quantity, 'quantity'),
            quantity_fault(quantity, 'quantity'),
            CASE WHEN as_amount(quantity) <= 0 AND NOT is_negative THEN 'invalid_quantity quantity' END,
            amount_fault(gross_amount, 'gross_amount'),
            CASE WHEN gross_amount IS NULL THEN missing(unit_price, 'unit_price') END,
            CASE
                WHEN gross_amount IS NULL THEN price_fault(unit_price, 'unit_price')
                ELSE amount_fault(unit_price, 'unit_price')
            END,
            amount_fault(discount_amount, 'discount_amount'),
            amount_fault(tax_amount, 'tax_amount')
        ) AS text_fault
    FROM (
        FROM staged_order_lines
        UNION ALL BY NAME
        SELECT  -- optional
            NULL::VARCHAR AS currency,
            NULL::VARCHAR AS unit_cost,
            NULL::VARCHAR AS cost_amount
        WHERE FALSE
    ) AS staged_order_lines
),

positive_lines AS (
    SELECT
        * REPLACE (
            CASE WHEN is_negative THEN 0 ELSE quantity END AS quantity,
            CASE WHEN is_negative THEN 0 ELSE gross_amount END AS gross_amount,
            CASE WHEN is_negative THEN difference_of(discount_amount, gross_amount) ELSE discount_amount END
                AS discount_amount,
            CASE
                WHEN NOT is_negative THEN CASE WHEN stated_cost >= 0 THEN stated_cost END
                WHEN quantity >= 0 THEN 0
                WHEN stated_cost <= 0 THEN stated_cost
            END AS stated_cost
        )
    FROM cast_lines
)

SELECT
    * EXCLUDE (text_fault, stated_cost, is_negative),
    -- A cost that cannot be read is unknown: it costs no order.
    CASE WHEN abs(stated_cost) < amount_limit() THEN stated_cost END AS cost_amount,
    difference_of(gross_amount, discount_amount) AS amount_after_discount,
    coalesce(
        text_fault,
        CASE WHEN NOT is_stated AND unit_price < 0 THEN 'negative_price unit_price' END,
        CASE
            WHEN gross_amount IS NULL OR gross_amount >= amount_limit() OR amount_after_discount IS NULL
                THEN 'too_many_digits gross_amount'
        END
    ) AS fault
FROM positive_lines;
