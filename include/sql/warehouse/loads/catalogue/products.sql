-- Pictures are the catalogue's. Name and category are those of the sources that sell, where one has described the product:
-- its description has a date. The catalogue describes what nobody else does, and renews what still stands as it wrote it.
MERGE INTO {{ table("products") }} AS stored
USING (
    SELECT
        arriving.sku,
        arriving.name,
        arriving.category,
        arriving.picture_uri,
        arriving.thumbnail_uri,
        known.name AS known_name,
        known.category AS known_category
    FROM {{ staged("arriving_pictures") }} AS arriving
    LEFT JOIN {{ table("product_pictures") }} AS known
        ON arriving.sku = known.sku
) AS arriving
    ON stored.sku = arriving.sku
WHEN MATCHED THEN
    UPDATE SET
        name = IF(
            stored.updated_at IS NULL AND (stored.name IS NULL OR stored.name = arriving.known_name),
            arriving.name, stored.name
        ),
        category = IF(
            stored.updated_at IS NULL AND (stored.category IS NULL OR stored.category = arriving.known_category),
            arriving.category, stored.category
        ),
        picture_uri = arriving.picture_uri,
        thumbnail_uri = arriving.thumbnail_uri
WHEN NOT MATCHED THEN
    INSERT (sku, name, category, picture_uri, thumbnail_uri)
    VALUES (arriving.sku, arriving.name, arriving.category, arriving.picture_uri, arriving.thumbnail_uri);
