-- The stored state of every product of the catalogue.
SELECT
    sku,
    name,
    category,
    state,
    reason,
    image_url_hash,
    image_host,
    etag,
    last_modified,
    sha256,
    picture_uri,
    thumbnail_uri,
    fetched_at,
    first_seen_at,
    last_seen_at
FROM `sales.product_pictures`
ORDER BY sku;
