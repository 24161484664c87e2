{% from "warehouse/macros/versions.sql" import as_text, is_newer %}
{% if stored["products"] %}
-- The newest description of a product wins, whichever run loads first. Pictures belong to the product catalogue and are
-- not changed.
MERGE INTO `sales.products` AS stored
USING (
    SELECT
        sku,
        name,
        category,
        updated_at
    FROM `sales_staging.products` AS staged
    WHERE TRUE
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY sku ORDER BY updated_at DESC, {{ as_text("staged", ["name", "category"]) }} DESC
        ) = 1
) AS arriving
    ON stored.sku = arriving.sku
WHEN MATCHED
    AND (
        {{ is_newer(["name", "category"]) }}
    )
    THEN
    UPDATE SET
        name = arriving.name,
        category = arriving.category,
        updated_at = arriving.updated_at
WHEN NOT MATCHED THEN
    INSERT (sku, name, category, updated_at)
    VALUES (arriving.sku, arriving.name, arriving.category, arriving.updated_at);
{% endif %}
