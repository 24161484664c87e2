-- One row per order line. Amounts are for the whole line; unit_price is before discount and tax.
SELECT
    order_id,
    line_number,
    sku,
    quantity,
    unit_price,
    discount_amount,
    tax_amount
FROM read_items
