-- DuckDB: what the transform rejected of one month, by reason, the most frequent first; and where the first ones are.
SELECT
    reason,
    count(*) AS rows,
    list(file || ' line ' || row_number ORDER BY file, row_number)[:3] AS places
FROM read_parquet($rejected)
GROUP BY reason
ORDER BY rows DESC, reason
