SELECT
    'product_pictures: one row per product' AS check_name,
    'error' AS severity,
    sku AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.product_pictures`
GROUP BY sku
HAVING COUNT(*) > 1

UNION ALL
SELECT
    'product_pictures: every usable picture is stored with its thumbnail' AS check_name,
    'error' AS severity,
    sku AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.product_pictures`
WHERE
    state = 'ok'
    AND (sha256 IS NULL OR picture_uri IS NULL OR thumbnail_uri IS NULL)

UNION ALL
SELECT
    'product_pictures: products has the pictures of the catalogue' AS check_name,
    'error' AS severity,
    pictures.sku AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.product_pictures` AS pictures
LEFT JOIN `sales.products` AS products
    ON pictures.sku = products.sku
WHERE
    products.sku IS NULL
    OR products.picture_uri IS DISTINCT FROM pictures.picture_uri
    OR products.thumbnail_uri IS DISTINCT FROM pictures.thumbnail_uri

UNION ALL
SELECT
    'product_pictures: most pictures can be used' AS check_name,
    'warn' AS severity,
    CONCAT(sku, ' (', COALESCE(image_host, ''), '): ', COALESCE(reason, '')) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.product_pictures`
WHERE
    state = 'broken'
    AND (
        SELECT
            COUNTIF(pictures.state = 'broken') > 10
            AND 2 * COUNTIF(pictures.state = 'broken') > COUNTIF(pictures.state IN ('ok', 'broken'))
        FROM `sales.product_pictures` AS pictures
    )
