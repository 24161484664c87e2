CREATE TABLE IF NOT EXISTS `sales.product_pictures` (
    sku STRING NOT NULL OPTIONS (description = "Stock keeping unit."),
    name STRING OPTIONS (description = "Name in the catalogue."),
    category STRING OPTIONS (description = "Category in the catalogue."),
    state STRING NOT NULL OPTIONS (description = "ok; no_picture (the catalogue has none); broken (the last download was unusable, see reason); gone (the product is no longer in the catalogue)."),
    reason STRING OPTIONS (description = "Why the picture is broken."),
    image_url_hash STRING OPTIONS (description = "SHA-256 of the picture's URL. The URL may contain a key and is not stored."),
    image_host STRING OPTIONS (description = "Host and port of that URL."),
    etag STRING OPTIONS (description = "ETag of the last download; NULL where the server sent none."),
    last_modified STRING OPTIONS (description = "Last-Modified header of the last download, as the server sent it."),
    sha256 STRING OPTIONS (description = "SHA-256 of the last usable picture; the stored file is named after it."),
    picture_uri STRING OPTIONS (description = "URI of the stored picture."),
    thumbnail_uri STRING OPTIONS (description = "URI of the stored thumbnail."),
    fetched_at TIMESTAMP OPTIONS (description = "When the picture was downloaded from that URL; NULL before the first usable download."),
    first_seen_at TIMESTAMP NOT NULL OPTIONS (description = "When the product was first read from the catalogue."),
    last_seen_at TIMESTAMP NOT NULL OPTIONS (description = "When the product was last read from the catalogue."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that last read the product.")
)
OPTIONS (
    description = "One row per product that is or was in the product catalogue, with its picture; the state of product_catalogue_refresh."
);
