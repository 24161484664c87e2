-- Customers of the selected orders and customers changed in the window. The next step hashes the e-mail address; later
-- steps do not see it.
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
