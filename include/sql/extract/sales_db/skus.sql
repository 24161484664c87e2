-- DuckDB: the SKUs of the items just read, for products.sql.
SELECT DISTINCT sku
FROM read_parquet($items)
WHERE sku IS NOT NULL
