-- A day's sales at the grain of daily_sales, without the source: the day's own, or those of the day that it is compared
-- with. Amounts in reporting currency are NULL where unconverted.
SELECT
    channel,
    category,
    country_code,
    currency,
    units,
    gross_sales,
    discounts,
    returns,
    net_sales,
    gross_sales_reporting,
    discounts_reporting,
    returns_reporting,
    net_sales_reporting
FROM {{ table("daily_sales") }}
WHERE business_date = {{ day }}
