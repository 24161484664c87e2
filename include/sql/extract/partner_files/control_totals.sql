-- DuckDB: counts and sums of the files before any cleaning. Values beyond the limits of
-- include/sql/transform/values.sql are excluded, because the transform rejects them. Refunds are lines of no order.
WITH delivered AS (
    FROM read_parquet($lines)
    UNION ALL BY NAME
    SELECT  -- optional
        NULL::VARCHAR AS gross_amount,
        NULL::BOOLEAN AS is_refund
    WHERE FALSE
),

-- Columns here, because DuckDB would trim a text for each of its uses in stated_amount.
trimmed AS (
    SELECT
        file,
        currency,
        is_refund,
        as_text(gross_amount) AS gross_amount,
        as_text(quantity) AS quantity,
        as_text(unit_price) AS unit_price
    FROM delivered
),

as_delivered AS (
    SELECT
        file,
        currency,
        count(*) AS lines,
        sum(stated_amount(gross_amount, quantity, unit_price)) FILTER (is_refund IS NOT TRUE) AS amount
    FROM trimmed
    GROUP BY ALL
),

by_currency AS (
    SELECT
        file,
        CASE
            WHEN regexp_full_match(trim(currency), '[A-Za-z]{3}') THEN upper(trim(currency))
            ELSE ''
        END AS currency,
        sum(lines) AS lines,
        sum(amount) AS amount
    FROM as_delivered
    GROUP BY ALL
)

SELECT
    (SELECT count(DISTINCT order_id) FROM ids WHERE is_sold) AS source_orders,
    coalesce(sum(lines), 0)::BIGINT AS source_lines,
    coalesce(sum(amount), 0::DECIMAL(38, 4))::VARCHAR AS source_amount,
    coalesce(
        list({'file': file, 'currency': currency, 'amount': amount::VARCHAR} ORDER BY file, currency)
        FILTER (WHERE amount IS NOT NULL),
        []
    ) AS source_amounts
FROM by_currency
