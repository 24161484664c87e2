-- DuckDB, after layout_macros.sql: lines of a partner with a layout of its own as the standard layout has them.
SELECT * REPLACE (
    utc_instant('ordered_at', ordered_at) AS ordered_at,
    utc_instant('updated_at', updated_at) AS updated_at,
    decimal_point('quantity', quantity) AS quantity,
    decimal_point('unit_price', unit_price) AS unit_price,
    decimal_point('discount_amount', discount_amount) AS discount_amount,
    decimal_point('tax_amount', tax_amount) AS tax_amount,
    decimal_point('unit_cost', unit_cost) AS unit_cost
)
FROM delivered_lines
