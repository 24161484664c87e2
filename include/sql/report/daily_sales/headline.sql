-- The headline figures of the day and of the 28 days before, one row per day in the warehouse.
SELECT
    business_date,
    orders,
    units,
    customers,
    gross_sales,
    discounts,
    returns,
    net_sales,
    tax,
    shipping,
    average_order_value,
    new_customers,
    complete,
    missing_sources
FROM {{ table("daily_summary") }}
WHERE business_date BETWEEN {{ first }} AND {{ day }}
ORDER BY business_date
