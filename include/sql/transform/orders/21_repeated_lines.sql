-- Repeated lines of an order version: the newer line counts, then the later one in the files. The other is superseded
-- when it is older or an exact copy, and rejected when the two contradict each other.
--
-- Only the few orders with repeated lines are sorted: one bit per line number (modulo 64) selects the candidates.

-- The amount of a line in control_totals.
CREATE MACRO amount_of_line(is_stated, quantity, unit_price, gross_amount) AS CASE
    WHEN is_stated THEN CASE WHEN abs(gross_amount) < amount_limit() THEN gross_amount END
    ELSE stated_product(quantity, unit_price)
END;

CREATE TABLE line_groups AS
SELECT
    any_value(source) AS source,
    order_id,
    version,
    count(*) FILTER (fault IS NULL) AS item_count,
    try_cast(sum(gross_amount) FILTER (fault IS NULL) AS DECIMAL(18, 4)) AS gross_amount,
    try_cast(sum(discount_amount) FILTER (fault IS NULL) AS DECIMAL(18, 4)) AS discount_amount,
    try_cast(sum(tax_amount) FILTER (fault IS NULL) AS DECIMAL(18, 4)) AS tax_amount,
    bit_or(1::UBIGINT << (line_number & 63)::UBIGINT) FILTER (fault IS NULL) AS line_marks,
    -- The list keeps the pass over the lines for the sums the only one that also looks for invalid lines. CASE makes
    -- DuckDB pack these only.
    list(
        CASE
            WHEN fault IS NOT NULL
                THEN struct_pack(
                    file := file, row_number := row_number, fault := fault, currency := currency,
                    amount := amount_of_line(is_stated, quantity, unit_price, gross_amount)
                )
        END
    ) FILTER (fault IS NOT NULL) AS faults
FROM typed_lines
GROUP BY order_id, version;

CREATE VIEW line_sums AS
SELECT * EXCLUDE (faults)
FROM line_groups
WHERE item_count > 0;

CREATE VIEW faulty_lines AS
SELECT
    source,
    order_id,
    version,
    unnest(faults, recursive := TRUE)
FROM line_groups;

CREATE TABLE repeated_lines AS
WITH candidate_orders AS (
    SELECT
        order_id,
        version
    FROM line_sums
    WHERE bit_count(line_marks) < item_count
),

candidates AS (
    SELECT
        source,
        order_id,
        version,
        line_number,
        file,
        row_number,
        gross_amount,
        discount_amount,
        tax_amount,
        line_updated_at,
        currency,
        amount_of_line(is_stated, quantity, unit_price, gross_amount) AS amount,
        struct_pack(
            sku := sku,
            product_name := product_name,
            category := category,
            quantity := quantity,
            unit_price := unit_price,
            discount_amount := discount_amount, tax_amount := tax_amount, gross_amount := gross_amount
        ) AS line_values
    FROM typed_lines
    SEMI JOIN candidate_orders USING (order_id, version)
    WHERE fault IS NULL
),

ranked AS (
    SELECT
        *,
        row_number() OVER newest AS recency,
        first_value(line_values) OVER newest AS newest_values,
        first_value(line_updated_at) OVER newest AS newest_updated_at
    FROM candidates
    WINDOW newest AS (
        PARTITION BY order_id, version, line_number
        ORDER BY line_updated_at DESC NULLS LAST, file DESC, row_number DESC
    )
)

SELECT
    * EXCLUDE (line_values, newest_values, newest_updated_at, recency),
    line_values = newest_values OR coalesce(line_updated_at < newest_updated_at, FALSE) AS is_superseded
FROM ranked
WHERE recency > 1;

CREATE VIEW unusable_lines AS
SELECT
    source,
    file,
    row_number
FROM faulty_lines
UNION ALL
SELECT
    source,
    file,
    row_number
FROM repeated_lines;

-- Sums of the lines of each order version.
CREATE VIEW order_totals AS
WITH repeated AS (
    SELECT
        order_id,
        version,
        count(*) AS item_count,
        sum(gross_amount) AS gross_amount,
        sum(discount_amount) AS discount_amount,
        sum(tax_amount) AS tax_amount
    FROM repeated_lines
    GROUP BY order_id, version
)

SELECT
    order_id,
    version,
    line_sums.item_count - coalesce(repeated.item_count, 0) AS item_count,
    line_sums.gross_amount - coalesce(repeated.gross_amount, 0) AS gross_amount,
    line_sums.discount_amount - coalesce(repeated.discount_amount, 0) AS discount_amount,
    line_sums.tax_amount - coalesce(repeated.tax_amount, 0) AS tax_amount
FROM line_sums
LEFT JOIN repeated USING (order_id, version);
