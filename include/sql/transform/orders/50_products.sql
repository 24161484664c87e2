-- Loadable: the latest version of each product of the source.

SELECT
    source,
    sku,
    name,
    category,
    updated_at
FROM product_names;
