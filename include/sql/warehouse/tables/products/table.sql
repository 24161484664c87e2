CREATE TABLE IF NOT EXISTS {{ table("products") }} (
    sku STRING NOT NULL OPTIONS (description = "Article number."),
    name STRING OPTIONS (description = "Name in the source that changed the article last."),
    category STRING OPTIONS (description = "Category in the source that changed the article last."),
    picture_uri STRING OPTIONS (description = "Where the product's picture is stored; owned by the product catalogue."),
    thumbnail_uri STRING OPTIONS (description = "Where the small picture is stored; owned by the product catalogue."),
    updated_at TIMESTAMP OPTIONS (description = "When that source last changed the article.")
)
OPTIONS (
    description = "One row per product."
);
