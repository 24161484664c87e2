-- The customers of the orders read, and those changed in the window. The e-mail address is hashed in the next step
-- and goes no further.
SELECT
    customer_id,
    email,
    country_code,
    updated_at
FROM customers
WHERE customer_id IN (
    SELECT customer_id
    FROM read_orders

    UNION ALL

    SELECT customer_id
    FROM customers
    WHERE updated_at >= %(changed_from)s AND updated_at < %(changed_until)s
)
