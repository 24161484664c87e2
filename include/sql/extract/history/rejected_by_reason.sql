-- DuckDB: rejected records of one month by reason, most frequent first, with the places of the first three.
SELECT
    reason,
    count(*) AS rows,
    list(file || ' line ' || row_number ORDER BY file, row_number)[:3] AS places
FROM read_parquet($rejected)
GROUP BY reason
ORDER BY rows DESC, reason
