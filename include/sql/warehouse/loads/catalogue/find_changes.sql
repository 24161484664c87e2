-- Runs before the transaction and selects what this read changes. A catalogue that was read before the one loaded last
-- changes nothing, so two runs produce the same tables in either order.

CREATE OR REPLACE TABLE `sales_staging.newest_read` AS
SELECT this.read_at
FROM `sales_staging.load_audit` AS this
WHERE
    this.read_at >= COALESCE(
        (
            SELECT MAX(loaded.read_at)
            FROM `sales.load_audit` AS loaded
            WHERE
                loaded.business_date >= DATE '0001-01-01'
                AND loaded.source IN ({{ sources }})
                AND loaded.status = 'success'
        ),
        this.read_at
    );

CREATE OR REPLACE TABLE `sales_staging.arriving_pictures` AS
SELECT
    {% for column in columns("product_pictures") %}
    arriving.{{ column.name }}{{ "," if not loop.last }}
    {% endfor %}
FROM `sales_staging.product_pictures` AS arriving
WHERE EXISTS (SELECT 1 FROM `sales_staging.newest_read`);

CREATE OR REPLACE TABLE `sales_staging.gone_products` AS
SELECT stored.sku
FROM `sales.product_pictures` AS stored
LEFT JOIN `sales_staging.arriving_pictures` AS arriving
    ON stored.sku = arriving.sku
WHERE
    arriving.sku IS NULL
    AND stored.state <> 'gone'
    AND EXISTS (SELECT 1 FROM `sales_staging.newest_read`);

CREATE OR REPLACE TABLE `sales_staging.touched_days` AS
SELECT {{ business_date }} AS business_date;
