CREATE TABLE IF NOT EXISTS `sales.products` (
    sku STRING NOT NULL OPTIONS (description = "Stock keeping unit."),
    name STRING OPTIONS (description = "Name in the source that changed the product last."),
    category STRING OPTIONS (description = "Category in the source that changed the product last."),
    picture_uri STRING OPTIONS (description = "URI of the stored picture; written by product_catalogue_refresh only."),
    thumbnail_uri STRING OPTIONS (description = "URI of the stored thumbnail; written by product_catalogue_refresh only."),
    updated_at TIMESTAMP OPTIONS (description = "When that source changed the product.")
)
OPTIONS (
    description = "One row per product."
);
