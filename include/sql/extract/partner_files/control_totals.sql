-- DuckDB: counts and sums of the files before any cleaning. Values beyond the limits of
-- include/sql/transform/values.sql are excluded, because the transform rejects them. The casts are explicit because
-- DuckDB does not widen 18-digit decimals.
SELECT
    count(DISTINCT trim(order_id, E' \t\r\n')) AS source_orders,
    count(*) AS source_lines,
    coalesce(
        sum(
            try_cast(
                try_cast(quantity AS DECIMAL(11, 4))::DECIMAL(38, 4) * try_cast(unit_price AS DECIMAL(14, 4))
                AS DECIMAL(15, 4)
            )
        ),
        0
    )::VARCHAR AS source_amount,
    (
        SELECT coalesce(list({'file': file, 'currency': currency, 'amount': amount} ORDER BY file, currency), [])
        FROM (
            SELECT
                file,
                CASE
                    WHEN regexp_full_match(trim(currency), '[A-Za-z]{3}') THEN upper(trim(currency))
                    ELSE ''
                END AS currency,
                sum(
                    try_cast(
                        try_cast(quantity AS DECIMAL(11, 4))::DECIMAL(38, 4) * try_cast(unit_price AS DECIMAL(14, 4))
                        AS DECIMAL(15, 4)
                    )
                )::VARCHAR AS amount
            FROM read_parquet($lines)
            GROUP BY ALL
        ) AS by_currency
        WHERE amount IS NOT NULL
    ) AS source_amounts
FROM read_parquet($lines)
