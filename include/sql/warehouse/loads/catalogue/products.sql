-- The catalogue always sets the pictures. It sets name and category only of products that no sales source describes
-- (updated_at is NULL), and only while they are empty or still have the values that it set before.
MERGE INTO `sales.products` AS stored
USING (
    SELECT
        arriving.sku,
        arriving.name,
        arriving.category,
        arriving.picture_uri,
        arriving.thumbnail_uri,
        previous.name AS previous_name,
        previous.category AS previous_category
    FROM `sales_staging.arriving_pictures` AS arriving
    LEFT JOIN `sales.product_pictures` AS previous
        ON arriving.sku = previous.sku
) AS arriving
    ON stored.sku = arriving.sku
WHEN MATCHED THEN
    UPDATE SET
        name = IF(
            stored.updated_at IS NULL AND (stored.name IS NULL OR stored.name = arriving.previous_name),
            arriving.name, stored.name
        ),
        category = IF(
            stored.updated_at IS NULL AND (stored.category IS NULL OR stored.category = arriving.previous_category),
            arriving.category, stored.category
        ),
        picture_uri = arriving.picture_uri,
        thumbnail_uri = arriving.thumbnail_uri
WHEN NOT MATCHED THEN
    INSERT (sku, name, category, picture_uri, thumbnail_uri)
    VALUES (arriving.sku, arriving.name, arriving.category, arriving.picture_uri, arriving.thumbnail_uri);
