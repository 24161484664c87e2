-- DuckDB: gross amounts by currency of the lines that could not be parsed, and of the lines of orders whose own row could
-- not: the transform gets neither, and the sums of the database have both.
WITH headers AS (
    SELECT
        cells['order_id'] AS order_id,
        cells['currency'] AS currency
    FROM rejected_cells
    WHERE file = 'orders' AND cells IS NOT NULL
),

lines AS (
    SELECT
        cells['order_id'] AS order_id,
        cells['quantity'] AS quantity,
        cells['unit_price'] AS unit_price
    FROM rejected_cells
    WHERE file = 'order_items' AND cells IS NOT NULL
    UNION ALL
    SELECT
        order_id,
        quantity::VARCHAR,
        unit_price::VARCHAR
    FROM read_parquet($items)
    WHERE order_id IN (SELECT order_id FROM headers)
),

currencies AS (
    SELECT
        order_id,
        currency
    FROM headers
    UNION
    SELECT
        order_id,
        currency
    FROM read_parquet($orders)
    WHERE order_id IN (SELECT order_id FROM lines)
)

SELECT
    CASE WHEN regexp_full_match(trim(currency), '[A-Za-z]{3}') THEN upper(trim(currency)) ELSE '' END AS currency,
    sum(
        try_cast(
            try_cast(quantity AS DECIMAL(11, 4))::DECIMAL(38, 4) * try_cast(unit_price AS DECIMAL(14, 4))
            AS DECIMAL(15, 4)
        )
    )::VARCHAR AS amount
FROM lines
JOIN currencies USING (order_id)
GROUP BY 1
HAVING amount IS NOT NULL
ORDER BY 1
