-- Loadable: the source's products, the latest state of each.

CREATE VIEW products AS
SELECT
    sku,
    name,
    category,
    updated_at
FROM product_names;
