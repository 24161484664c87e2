-- Maps one entry of the catalogue's JSON to a product. For a different JSON, change only this file (docs/CATALOGUE.md):
-- the names right of AS are the pipeline's, the paths on the left those of the JSON, such as '$.offer.price'. Any
-- DuckDB expression is allowed; use NULL for missing fields. Only sku is required; updated_at needs a UTC offset.
SELECT
    entry_number,
    record -> '$.sku' AS sku,
    record -> '$.name' AS name,
    record -> '$.category' AS category,
    record -> '$.price' AS price,
    record -> '$.currency' AS currency,
    record -> '$.image_url' AS image_url,
    record -> '$.updated_at' AS updated_at
FROM entries
