-- Customers of each day whose first order of all history is that day's. Computed for the report, because an
-- older order that arrives late makes a customer's later day a returning one. Days without customers are absent.
SELECT
    ordered.business_date,
    COUNTIF(customers.first_ordered_at >= ordered.first_of_day) AS new_customers
FROM (
    SELECT
        business_date,
        customer_hash,
        MIN(ordered_at) AS first_of_day
    FROM {{ table("orders") }}
    WHERE business_date BETWEEN {{ first }} AND {{ day }}
        AND is_sale
        AND NOT is_test
        AND customer_hash IS NOT NULL
    GROUP BY business_date, customer_hash
) AS ordered
INNER JOIN {{ table("customers") }} AS customers
    ON customers.customer_hash = ordered.customer_hash
GROUP BY ordered.business_date
