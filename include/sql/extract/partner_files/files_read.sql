-- DuckDB: the files that were read.
SELECT file
FROM files
ORDER BY file
