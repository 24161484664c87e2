-- Number of rows per table that still contain the customer's hash.
SELECT
    (
        SELECT COUNT(*)
        FROM {{ table("orders") }}
        WHERE customer_hash = @customer_hash
    ) AS orders,
    (
        SELECT COUNT(*)
        FROM {{ table("order_lines") }}
        WHERE
            business_date >= {{ first_day }}
            AND customer_hash = @customer_hash
    ) AS order_lines,
    (
        SELECT COUNT(*)
        FROM {{ table("customers") }}
        WHERE customer_hash = @customer_hash
    ) AS customers;
