-- DuckDB: the records of one file, those of them without a valid day, and the unreadable ones.
SELECT
    count(*) + (SELECT count(*) FROM rejects) AS rows,
    count(*) - count(day) AS without_day,
    (SELECT count(*) FROM rejects) AS rejected
FROM read_parquet($lines)
