-- Customer identity: the trimmed e-mail address in lower case, else the source's customer id. An order without an
-- address has that of its customer. Each identity is hashed once; no step after the orders sees an address.

CREATE MACRO customer_key(email, source, customer_id) AS CASE
    WHEN contains(email, '@') THEN lower(trim(email, E' \t\r\n'))
    ELSE source || ':' || nullif(customer_id, '')
END;

CREATE TABLE customer_hashes AS
WITH customers AS (
    SELECT
        source,
        customer_key(NULL, source, customer_id) AS customer_key,
        customer_key(customer_email, source, customer_id) AS identity,
        country_code,
        as_instant(updated_at) AS updated_at,
        TRUE AS is_listed
    FROM with_source('staged_customers')
),

others AS (
    SELECT DISTINCT
        source,
        customer_key
    FROM (
        SELECT
            source,
            customer_key(customer_email, source, customer_id) AS customer_key
        FROM staged_orders
    ) AS buyers
    ANTI JOIN customers USING (source, customer_key)
),

identities AS (
    FROM customers
    UNION ALL
    SELECT
        source,
        customer_key,
        customer_key AS identity,
        NULL AS country_code,
        NULL AS updated_at,
        FALSE AS is_listed
    FROM others
)

SELECT
    identities.* EXCLUDE (identity),
    keyed_hash(identities.identity, getvariable('inner_key'), getvariable('outer_key')) AS customer_hash
FROM identities
WHERE identities.customer_key IS NOT NULL;
