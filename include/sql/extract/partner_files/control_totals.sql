-- DuckDB: what the files themselves say, before anything is cleaned. DuckDB does not widen decimals of 18 digits by
-- itself; amounts beyond all reason would spoil the sum, and the transform rejects them.
SELECT
    count(DISTINCT trim(order_id, E' \t\r\n')) AS source_orders,
    count(*) AS source_lines,
    coalesce(sum(amount) FILTER (WHERE abs(amount) < 100000000000000), 0)::VARCHAR AS source_amount
FROM (
    SELECT
        order_id,
        try_cast(quantity AS DECIMAL(18, 4))::DECIMAL(38, 4) * try_cast(unit_price AS DECIMAL(18, 4)) AS amount
    FROM read_parquet($lines)
)
