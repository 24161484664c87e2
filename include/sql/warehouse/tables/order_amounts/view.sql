{% from "warehouse/macros/conversion.sql" import converted, rate_columns with context %}
{% from "warehouse/macros/order_columns.sql" import order_columns with context %}
CREATE VIEW IF NOT EXISTS `sales.order_amounts` (
{{ order_columns() }}
    gross OPTIONS (description = "gross_amount of orders in ten-thousandths of the reporting currency, unrounded; NULL without an exchange rate."),
    discount OPTIONS (description = "discount_amount of orders, likewise."),
    returns OPTIONS (description = "merchandise_amount of all refunds of the order, each at the rate of its day, likewise; NULL where one has no rate."),
    net OPTIONS (description = "gross - discount - returns."),
    tax OPTIONS (description = "tax_amount of orders, likewise."),
    shipping OPTIONS (description = "shipping_amount of orders, likewise.")
)
OPTIONS (
    description = "One row per order with its converted amounts before they are rounded, for views that add them up: in orders_reporting each is rounded."
)
AS
WITH rated_refunds AS (
    SELECT
        refunds.source,
        refunds.order_id,
        refunds.merchandise_amount,
        {{ rate_columns("refunds.currency", "rates") }}
    FROM `sales.refunds` AS refunds
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            refunds.business_date = rates.business_date
            AND refunds.currency = rates.currency
    WHERE refunds.business_date >= DATE '0001-01-01'
),

returned AS (
    SELECT
        source,
        order_id,
        IF(
            LOGICAL_AND(order_rate IS NOT NULL AND reporting_rate IS NOT NULL),
            SUM({{ converted("merchandise_amount") }}),
            NULL
        ) AS returns
    FROM rated_refunds
    GROUP BY source, order_id
),

rated AS (
    SELECT
        orders.*,
        {{ rate_columns("orders.currency", "rates") }}
    FROM `sales.orders` AS orders
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            orders.business_date = rates.business_date
            AND orders.currency = rates.currency
),

amounts AS (
    SELECT
        rated.*,
        {{ converted("rated.gross_amount") }} AS gross,
        {{ converted("rated.discount_amount") }} AS discount,
        IF(returned.order_id IS NULL, 0, returned.returns) AS returns,
        {{ converted("rated.tax_amount") }} AS tax,
        {{ converted("rated.shipping_amount") }} AS shipping
    FROM rated
    LEFT JOIN returned
        ON
            rated.source = returned.source
            AND rated.order_id = returned.order_id
)

SELECT
    source,
    order_id,
    business_date,
    channel,
    attributes,
    status,
    is_sale,
    is_test,
    currency,
    COALESCE(country_code, 'ZZ') AS country_code,
    customer_hash,
    coupon_code,
    item_count,
    ordered_at,
    gross,
    discount,
    returns,
    gross - discount - returns AS net,
    tax,
    shipping
FROM amounts;
