-- Runs before the transaction and selects what this read changes. A catalogue that was read before the one loaded last
-- changes nothing, so two runs produce the same tables in either order.

CREATE OR REPLACE TABLE {{ staged("newest_read") }} AS
SELECT this.read_at
FROM {{ staged("load_audit") }} AS this
WHERE
    this.read_at >= COALESCE(
        (
            SELECT MAX(loaded.read_at)
            FROM {{ table("load_audit") }} AS loaded
            WHERE
                loaded.business_date >= {{ first_day }}
                AND loaded.source IN ({{ sources }})
                AND loaded.status = 'success'
        ),
        this.read_at
    );

CREATE OR REPLACE TABLE {{ staged("arriving_pictures") }} AS
SELECT
    {% for column in columns("product_pictures") %}
    arriving.{{ column.name }}{{ "," if not loop.last }}
    {% endfor %}
FROM {{ staged("product_pictures") }} AS arriving
WHERE EXISTS (SELECT 1 FROM {{ staged("newest_read") }});

CREATE OR REPLACE TABLE {{ staged("gone_products") }} AS
SELECT stored.sku
FROM {{ table("product_pictures") }} AS stored
LEFT JOIN {{ staged("arriving_pictures") }} AS arriving
    ON stored.sku = arriving.sku
WHERE
    arriving.sku IS NULL
    AND stored.state <> 'gone'
    AND EXISTS (SELECT 1 FROM {{ staged("newest_read") }});

CREATE OR REPLACE TABLE {{ staged("touched_days") }} AS
SELECT {{ business_date }} AS business_date;
