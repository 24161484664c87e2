-- How one entry of the catalogue's JSON becomes a product. For another JSON this is the file to change
-- (docs/CATALOGUE.md): on the right of AS stand our names, on the left the JSON's, as paths such as '$.offer.price'.
-- Any DuckDB expression does, NULL where there is none. Only the sku must be there; updated_at needs an offset.
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
