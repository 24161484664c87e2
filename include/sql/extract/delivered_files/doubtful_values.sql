-- DuckDB, after transform/values.sql: warnings of what a spreadsheet may have done to a file that was read: ids and SKUs that it
-- rounded, several spellings of one number, amounts in two conventions, texts that were encoded twice.

-- A decimal comma, or a decimal point where layout_macros.sql expects a comma. A comma before three digits may also group
-- thousands.
CREATE OR REPLACE MACRO is_other_convention(amount) AS regexp_full_match(
    amount,
    '[+-]?(\d+,(\d{1,2}|\d{4,})|\d{1,3}(\.\d{3})+,\d+|(\d+|\d{1,3}(,\d{3})+)\.\d+\s* \(not a number with a decimal comma\))'
);

-- A quicker test, which every such amount passes, and few others.
CREATE OR REPLACE MACRO may_be_other(amount) AS contains(amount, ',') OR contains(amount, '(');

-- A table, because DuckDB would clean the SKU of every line in a subquery.
CREATE OR REPLACE TEMP TABLE delivered_skus AS
SELECT DISTINCT sku
FROM read_parquet(getvariable('lines'));

WITH skus AS (
    SELECT DISTINCT clean_id(sku) AS sku
    FROM delivered_skus
    WHERE regexp_matches(sku, '\d')
),

rounded AS (
    SELECT
        count(*) AS skus,
        min(sku) AS example
    FROM skus
    WHERE is_rounded(sku)
),

rounded_orders AS (
    SELECT
        count(DISTINCT order_id) AS orders,
        min(order_id) AS example
    FROM (
        SELECT clean_id(order_id) AS order_id
        FROM read_parquet(getvariable('lines'))
        WHERE order_id LIKE '%E+%' OR order_id LIKE '%e+%'
    ) AS candidates
    WHERE is_rounded(order_id)
),

spellings AS (
    SELECT
        min(sku ORDER BY length(sku), sku) AS known,
        max(sku ORDER BY length(sku), sku) AS example
    FROM skus
    WHERE NOT is_rounded(sku)
    GROUP BY number_of_id(sku)
    HAVING count(*) > 1 AND number_of_id(sku) IS NOT NULL
),

candidates AS (
    SELECT unnest([quantity, unit_price, discount_amount, tax_amount]) AS amount
    FROM read_parquet(getvariable('lines'))
    WHERE
        may_be_other(quantity) OR may_be_other(unit_price)
        OR may_be_other(discount_amount) OR may_be_other(tax_amount)
),

others AS (
    SELECT
        count(*) AS amounts,
        min(trim(split_part(amount, ' (', 1))) AS example
    FROM candidates
    WHERE is_other_convention(trim(amount))
),

-- The bytes of one letter in UTF-8 as two letters of Windows-1252, or as three: never in ASCII, whose characters have one
-- byte.
double_encoded AS (
    SELECT DISTINCT unnest([product_name, category]) AS text
    FROM read_parquet(getvariable('lines'))
    WHERE length(product_name) < strlen(product_name) OR length(category) < strlen(category)
),

-- One amount in the convention of the layout.
own AS (
    SELECT 1
    FROM read_parquet(getvariable('lines'))
    WHERE regexp_matches(concat_ws(' ', quantity, unit_price, discount_amount, tax_amount), '(^| )[+-]?\d*\.\d+( [^(]|$)')
    LIMIT 1
)

SELECT json_object('kind', 'rounded_skus', 'file', getvariable('file'), 'skus', skus, 'example', example)::VARCHAR AS warning
FROM rounded
WHERE skus > 0
UNION ALL
SELECT json_object('kind', 'rounded_order_ids', 'file', getvariable('file'), 'orders', orders, 'example', example)::VARCHAR
FROM rounded_orders
WHERE orders > 0
UNION ALL
SELECT
    json_object(
        'kind', 'sku_spellings', 'file', getvariable('file'), 'products', count(*),
        'known', arg_min(known, known), 'example', arg_min(example, known)
    )::VARCHAR
FROM spellings
HAVING count(*) > 0
UNION ALL
SELECT json_object('kind', 'mixed_decimals', 'file', getvariable('file'), 'amounts', amounts, 'example', example)::VARCHAR
FROM others
WHERE amounts > 0 AND EXISTS (FROM own)
UNION ALL
SELECT
    json_object(
        'kind', 'double_encoded', 'file', getvariable('file'), 'names', count(*), 'example', mask_e_mails(min(text))
    )::VARCHAR
FROM double_encoded
WHERE regexp_matches(text, '[ÂÃ][\x{80}-\x{BF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€')
HAVING count(*) > 0
ORDER BY warning
