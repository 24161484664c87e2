{% from "warehouse/macros/first_orders.sql" import first_orders with context %}
{% from "warehouse/macros/versions.sql" import as_text, is_newer %}
-- The newest description of a customer wins, whichever run loads first. first_ordered_at is recomputed for the
-- customers of replaced orders.
MERGE INTO `sales.customers` AS stored
USING (
    WITH described AS (
        SELECT
            customer_hash,
            country_code,
            updated_at
        FROM `sales_staging.customers` AS staged
        WHERE TRUE
        QUALIFY
            ROW_NUMBER() OVER (
                PARTITION BY customer_hash ORDER BY updated_at DESC, {{ as_text("staged", ["country_code"]) }} DESC
            ) = 1
    )

    SELECT
        COALESCE(described.customer_hash, recomputed.customer_hash) AS customer_hash,
        described.country_code,
        described.updated_at,
        recomputed.customer_hash IS NOT NULL AS is_recomputed,
        recomputed.first_ordered_at
    FROM described
    FULL OUTER JOIN (
{{ first_orders(earliest_date) | indent(8, first=True) }}
    ) AS recomputed
        ON described.customer_hash = recomputed.customer_hash
) AS arriving
    ON stored.customer_hash = arriving.customer_hash
WHEN MATCHED THEN
    UPDATE SET
        country_code = IF(
            {{ is_newer(["country_code"]) }}, arriving.country_code, stored.country_code
        ),
        first_ordered_at = IF(arriving.is_recomputed, arriving.first_ordered_at, stored.first_ordered_at),
        updated_at = IF(
            {{ is_newer(["country_code"]) }}, arriving.updated_at, stored.updated_at
        )
WHEN NOT MATCHED THEN
    INSERT (customer_hash, country_code, first_ordered_at, updated_at)
    VALUES (arriving.customer_hash, arriving.country_code, arriving.first_ordered_at, arriving.updated_at);
