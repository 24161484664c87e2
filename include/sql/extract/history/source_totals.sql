-- DuckDB: totals of the export for each month in the range: lines, orders, amount by currency (that of the line, else
-- quantity x unit price, excluding invalid numbers and numbers beyond the limits of include/sql/transform/values.sql).
-- Refunds are lines of no order. The first month also takes the $unusable records, which belong to no month. $export is
-- the folder of the control totals.
WITH amounts AS (
    SELECT
        date_trunc('month', coalesce(moved.day, lines.day))::DATE AS month,
        coalesce(upper(trim(lines.currency)), '') AS currency,
        coalesce(
            sum(
                CASE
                    WHEN trim(lines.gross_amount) <> '' THEN greatest(try_cast(trim(lines.gross_amount) AS DECIMAL(15, 4)), 0)
                    ELSE try_cast(
                        try_cast(trim(lines.quantity) AS DECIMAL(11, 4))::DECIMAL(38, 4)
                        * try_cast(trim(lines.unit_price) AS DECIMAL(14, 4)) AS DECIMAL(15, 4)
                    )
                END
            ) FILTER (lines.is_refund IS NOT TRUE),
            0
        ) AS amount
    FROM (
        FROM read_parquet($files)
        UNION ALL BY NAME
        SELECT  -- optional
            NULL::VARCHAR AS gross_amount,
            NULL::BOOLEAN AS is_refund
        WHERE FALSE
    ) AS lines
    LEFT JOIN (FROM order_days WHERE is_moved) AS moved
        ON coalesce(lines.order_id, '') = moved.order_id
    WHERE lines.day IS NOT NULL
        AND coalesce(moved.day, lines.day) BETWEEN $first_day AND $last_day
    GROUP BY ALL
),

counts AS (
    SELECT
        date_trunc('month', day)::DATE AS month,
        min(day) AS first_day,
        max(day) AS last_day,
        sum(lines)::BIGINT AS rows,
        count(*) FILTER (order_id <> '' AND is_sold) AS orders
    FROM order_days
    WHERE day BETWEEN $first_day AND $last_day
    GROUP BY ALL
)

SELECT
    strftime(counts.month, '%Y-%m') AS month,
    any_value(counts.first_day)::VARCHAR AS first_day,
    any_value(counts.last_day)::VARCHAR AS last_day,
    any_value(counts.rows) AS rows,
    any_value(counts.orders) AS orders,
    map_from_entries(
        list(row(amounts.currency, rtrim(rtrim(amounts.amount::VARCHAR, '0'), '.')) ORDER BY amounts.currency)
    ) AS amounts,
    $export AS export,
    row_number() OVER (ORDER BY counts.month) = 1 AS is_first,
    CASE WHEN is_first THEN $unusable ELSE 0 END AS without_month
FROM counts
JOIN amounts USING (month)
GROUP BY counts.month
ORDER BY counts.month
