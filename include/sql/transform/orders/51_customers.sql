-- Loadable: the customers of the source, and customers that only orders mention.

WITH seen AS (
    SELECT
        customer_hash,
        upper(as_text(country_code)) AS country_code,
        updated_at
    FROM customer_hashes
    WHERE is_listed
    UNION ALL
    SELECT
        orders.customer_hash,
        orders.country_code,
        orders.updated_at
    FROM written_orders AS orders
    SEMI JOIN (
        FROM customer_hashes
        WHERE NOT is_listed
    ) AS unlisted USING (customer_hash)
)

SELECT
    customer_hash,
    arg_max(country_code, coalesce(updated_at, '-infinity')) FILTER (regexp_full_match(country_code, '[A-Z]{2}'))
        AS country_code,
    max(updated_at) AS updated_at
FROM seen
GROUP BY customer_hash;
