-- The catalogue as read. Products that it no longer contains keep their picture and get the state `gone`.
MERGE INTO `sales.product_pictures` AS stored
USING `sales_staging.arriving_pictures` AS arriving
    ON stored.sku = arriving.sku
WHEN MATCHED THEN
    UPDATE SET
        name = arriving.name,
        category = arriving.category,
        state = arriving.state,
        reason = arriving.reason,
        image_url_hash = arriving.image_url_hash,
        image_host = arriving.image_host,
        etag = arriving.etag,
        last_modified = arriving.last_modified,
        sha256 = arriving.sha256,
        picture_uri = arriving.picture_uri,
        thumbnail_uri = arriving.thumbnail_uri,
        fetched_at = arriving.fetched_at,
        last_seen_at = arriving.last_seen_at,
        run_id = arriving.run_id
WHEN NOT MATCHED THEN
    INSERT (
        sku, name, category, state, reason, image_url_hash, image_host, etag, last_modified, sha256, picture_uri,
        thumbnail_uri, fetched_at, first_seen_at, last_seen_at, run_id
    )
    VALUES (
        arriving.sku, arriving.name, arriving.category, arriving.state, arriving.reason, arriving.image_url_hash,
        arriving.image_host, arriving.etag, arriving.last_modified, arriving.sha256, arriving.picture_uri,
        arriving.thumbnail_uri, arriving.fetched_at, arriving.first_seen_at, arriving.last_seen_at, arriving.run_id
    );

UPDATE `sales.product_pictures` AS stored
SET
    state = 'gone',
    reason = NULL
WHERE stored.sku IN (SELECT sku FROM `sales_staging.gone_products`);
