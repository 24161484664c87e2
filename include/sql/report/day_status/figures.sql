-- Current figures of business days, earliest first.
SELECT
    business_date,
    net_sales,
    orders,
    average_order_value,
    customers,
    gross_sales,
    discounts,
    returns,
    units,
    new_customers,
    customers - new_customers AS returning_customers,
    tax,
    shipping,
    complete,
    missing_sources
FROM {{ table("daily_summary") }}
WHERE business_date BETWEEN {{ first }} AND {{ day }}
ORDER BY business_date
