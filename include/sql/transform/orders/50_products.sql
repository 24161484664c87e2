-- Loadable: the latest version of each product of the source.

CREATE VIEW products AS
SELECT
    sku,
    name,
    category,
    updated_at
FROM product_names;
