-- The headline figures of the day and of the days that it is compared with, one row per day in the warehouse.
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
WHERE {{ days("business_date") }}
ORDER BY business_date
