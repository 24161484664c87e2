CREATE VIEW IF NOT EXISTS `sales.customer_orders` (
    source OPTIONS (description = "Source of the order."),
    order_id OPTIONS (description = "Order number in its source."),
    business_date OPTIONS (description = "Business day of the order."),
    channel OPTIONS (description = "Sales channel of the order."),
    country_code OPTIONS (description = "ISO 3166 alpha-2 country of delivery; 'ZZ' when unknown."),
    customer_hash OPTIONS (description = "Keyed hash of the customer; NULL for a guest, an order that names no customer."),
    is_guest OPTIONS (description = "Whether the order names no customer."),
    order_number OPTIONS (description = "Number of the order among those of the customer, from 1; NULL for a guest."),
    days_since_previous OPTIONS (description = "Days since the customer's previous order; NULL for the first one, and for a guest. Its average counts each repeat order once, so frequent customers weigh more: how long ago the previous order of a typical repeat order is. days_between_orders of customer_value counts each customer once."),
    first_order_month OPTIONS (description = "First day of the month of the customer's first order; for a guest, of this order."),
    first_channel OPTIONS (description = "Sales channel of the customer's first order; for a guest, of this order."),
    ordered_at OPTIONS (description = "When the order was created."),
    net_sales OPTIONS (description = "Net sales after refunds of any day, in reporting currency; NULL without an exchange rate.")
)
OPTIONS (
    description = "One row per counted order: its status is a sale, and it is no test. Numbered for each customer."
)
AS
WITH counted AS (
    SELECT
        source,
        order_id,
        business_date,
        channel,
        country_code,
        customer_hash,
        customer_hash IS NULL AS is_guest,
        -- An order of a guest is alone.
        COALESCE(customer_hash, CONCAT(source, ' ', order_id)) AS buyer,
        ordered_at,
        net_sales
    FROM `sales.orders_reporting`
    WHERE
        is_sale
        AND NOT is_test
),

numbered AS (
    SELECT
        *,
        ROW_NUMBER() OVER (PARTITION BY buyer ORDER BY ordered_at, source, order_id) AS number,
        LAG(business_date) OVER (PARTITION BY buyer ORDER BY ordered_at, source, order_id) AS previous_date,
        MIN(business_date) OVER (PARTITION BY buyer) AS first_date,
        FIRST_VALUE(channel) OVER (PARTITION BY buyer ORDER BY ordered_at, source, order_id) AS first_channel
    FROM counted
)

SELECT
    source,
    order_id,
    business_date,
    channel,
    country_code,
    customer_hash,
    is_guest,
    IF(is_guest, NULL, number) AS order_number,
    DATE_DIFF(business_date, previous_date, DAY) AS days_since_previous,
    CAST(DATE_TRUNC(first_date, MONTH) AS DATE) AS first_order_month,
    first_channel,
    ordered_at,
    net_sales
FROM numbered;
