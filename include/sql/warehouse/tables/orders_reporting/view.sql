{% from "warehouse/macros/conversion.sql" import converted, rate_columns, view_amount with context %}
CREATE VIEW IF NOT EXISTS `sales.orders_reporting` (
    {% for column in columns("orders") if column.name in [
        "source", "order_id", "business_date", "channel", "attributes", "status", "is_sale", "is_test", "currency",
        "country_code", "customer_hash", "coupon_code", "item_count", "ordered_at"
    ] %}
    {{ column.name }} OPTIONS (
        description = "{{ "Currency of the order; the amounts are in reporting currency." if column.name == "currency"
            else column.description }}"
    ),
    {% endfor %}
    gross_sales OPTIONS (description = "gross_amount of orders, the sum of the lines' gross amounts; NULL without an exchange rate."),
    discounts OPTIONS (description = "discount_amount of orders, the sum of the lines' discounts; NULL without an exchange rate."),
    returns OPTIONS (description = "merchandise_amount of refunds, of all refunds of the order, each at the rate of its day; NULL where one has no rate."),
    net_sales OPTIONS (description = "gross_sales - discounts - returns."),
    tax OPTIONS (description = "tax_amount of orders; not part of any sales figure."),
    shipping OPTIONS (description = "shipping_amount of orders, before tax; not part of any sales figure.")
)
OPTIONS (
    description = "One row per order, in every status, with amounts in reporting currency after its refunds of any day."
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

-- In ten-thousandths.
amounts AS (
    SELECT
        rated.*,
        {{ converted("gross_amount") }} AS gross,
        {{ converted("discount_amount") }} AS discount,
        IF(returned.order_id IS NULL, 0, returned.returns) AS returns
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
    country_code,
    customer_hash,
    coupon_code,
    item_count,
    ordered_at,
    {{ view_amount("gross") }} AS gross_sales,
    {{ view_amount("discount") }} AS discounts,
    {{ view_amount("returns") }} AS returns,
    {{ view_amount("gross - discount - returns") }} AS net_sales,
    {{ view_amount(converted("tax_amount")) }} AS tax,
    {{ view_amount(converted("shipping_amount")) }} AS shipping
FROM amounts;
