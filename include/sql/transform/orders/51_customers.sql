-- Loadable: the customers of the source, and customers that only orders mention.

WITH seen AS (
    SELECT
        source,
        customer_hash,
        as_country(country_code) AS country_code,
        updated_at
    FROM customer_hashes
    WHERE is_listed
    UNION ALL
    SELECT
        orders.source::source_name,
        orders.customer_hash,
        orders.country_code,
        orders.updated_at
    FROM written_orders AS orders
    SEMI JOIN (
        FROM customer_hashes
        WHERE NOT is_listed
    ) AS unlisted USING (source, customer_hash)
)

SELECT
    source,
    customer_hash,
    arg_max(country_code, coalesce(updated_at, '-infinity')) FILTER (country_code IS NOT NULL) AS country_code,
    max(updated_at) AS updated_at
FROM seen
GROUP BY source, customer_hash;
