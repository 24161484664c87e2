CREATE TABLE IF NOT EXISTS {{ table("product_pictures") }} (
    sku STRING NOT NULL OPTIONS (description = "Article number."),
    name STRING OPTIONS (description = "Name in the catalogue."),
    category STRING OPTIONS (description = "Category in the catalogue."),
    state STRING NOT NULL OPTIONS (description = "ok; no_picture (the catalogue names none); broken (it could not be used when it was fetched last: reason); gone (the catalogue no longer has the product)."),
    reason STRING OPTIONS (description = "Why the picture is broken, in words."),
    image_url_hash STRING OPTIONS (description = "SHA-256 of the picture's address, which may hold a key and is not kept."),
    image_host STRING OPTIONS (description = "Host and port of that address."),
    etag STRING OPTIONS (description = "By what the server knows again the picture it sent; NULL where it names nothing."),
    last_modified STRING OPTIONS (description = "The same by date, as the server wrote it."),
    sha256 STRING OPTIONS (description = "SHA-256 of the picture's file, which names it; of the last usable picture where the state is broken or gone."),
    picture_uri STRING OPTIONS (description = "Where the picture is stored."),
    thumbnail_uri STRING OPTIONS (description = "Where the small picture is stored."),
    fetched_at TIMESTAMP OPTIONS (description = "When that picture was downloaded from that address; NULL where the address has brought none yet."),
    first_seen_at TIMESTAMP NOT NULL OPTIONS (description = "When the catalogue was read that had the product first."),
    last_seen_at TIMESTAMP NOT NULL OPTIONS (description = "When the catalogue was read that had the product last."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that read it then.")
)
OPTIONS (
    description = "One row per product that the product catalogue has or had, with its picture: the memory of product_catalogue_refresh."
);
