-- Sales of a day, or of the day it is compared with, at the grain of daily_sales without the source. Amounts in
-- reporting currency are NULL without an exchange rate.
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
