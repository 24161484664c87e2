{% from "warehouse/macros/check.sql" import check %}
{% call check("product_pictures: one row per product", "error") %}
SELECT sku AS sample
FROM `sales.product_pictures`
GROUP BY sku
HAVING COUNT(*) > 1
{% endcall %}

UNION ALL
{% call check("product_pictures: every usable picture is stored with its thumbnail", "error") %}
SELECT sku AS sample
FROM `sales.product_pictures`
WHERE
    state = 'ok'
    AND (sha256 IS NULL OR picture_uri IS NULL OR thumbnail_uri IS NULL)
{% endcall %}

UNION ALL
{% call check("product_pictures: products has the pictures of the catalogue", "error") %}
SELECT pictures.sku AS sample
FROM `sales.product_pictures` AS pictures
LEFT JOIN `sales.products` AS products
    ON pictures.sku = products.sku
WHERE
    products.sku IS NULL
    OR products.picture_uri IS DISTINCT FROM pictures.picture_uri
    OR products.thumbnail_uri IS DISTINCT FROM pictures.thumbnail_uri
{% endcall %}

UNION ALL
{% call check("product_pictures: most pictures can be used", "warn") %}
SELECT CONCAT(sku, ' (', COALESCE(image_host, ''), '): ', COALESCE(reason, '')) AS sample
FROM `sales.product_pictures`
WHERE
    state = 'broken'
    AND (SELECT COUNT(*) > 10 FROM `sales.product_pictures` WHERE state = 'broken')
    AND (
        SELECT 2 * COUNTIF(state = 'broken') > COUNTIF(state IN ('ok', 'broken'))
        FROM `sales.product_pictures`
    )
{% endcall %};
