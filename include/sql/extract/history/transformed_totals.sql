-- DuckDB: transformed totals of one month: orders, and gross amounts of the accepted lines by currency.
SELECT
    (SELECT count(*) FROM read_parquet($orders)) AS orders,
    (
        SELECT
            coalesce(
                map_from_entries(list(row(currency, rtrim(rtrim(amount::VARCHAR, '0'), '.')) ORDER BY currency)),
                MAP {}
            )
        FROM (
            SELECT
                currency,
                sum(gross_amount::DECIMAL(38, 4)) AS amount
            FROM read_parquet($lines)
            GROUP BY currency
        ) AS summed
    ) AS amounts
