-- DuckDB: what the files themselves say, before anything is cleaned.
SELECT
    count(DISTINCT trim(order_id)) AS source_orders,
    count(*) AS source_lines,
    coalesce(
        sum(try_cast(quantity AS DECIMAL(18, 4)) * try_cast(unit_price AS DECIMAL(18, 4))), 0
    )::VARCHAR AS source_amount
FROM read_parquet($lines)
