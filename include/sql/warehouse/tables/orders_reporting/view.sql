{% from "warehouse/macros/conversion.sql" import view_amount %}
CREATE VIEW IF NOT EXISTS `sales.orders_reporting` (
    {% for column in columns("orders") if column.name in [
        "source", "order_id", "business_date", "channel", "attributes", "status", "is_sale", "is_test", "currency",
        "country_code", "customer_hash", "coupon_code", "item_count", "ordered_at"
    ] %}
    {{ column.name }} OPTIONS (
        description = "{{ "Currency of the order; the amounts are in reporting currency." if column.name == "currency"
            else "ISO 3166 alpha-2 country of delivery; 'ZZ' when unknown." if column.name == "country_code"
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
SELECT
    orders.source,
    orders.order_id,
    orders.business_date,
    orders.channel,
    orders.attributes,
    orders.status,
    orders.is_sale,
    orders.is_test,
    orders.currency,
    COALESCE(orders.country_code, 'ZZ') AS country_code,
    orders.customer_hash,
    orders.coupon_code,
    orders.item_count,
    orders.ordered_at,
    {{ view_amount("amounts.gross") }} AS gross_sales,
    {{ view_amount("amounts.discount") }} AS discounts,
    {{ view_amount("amounts.returns") }} AS returns,
    {{ view_amount("amounts.net") }} AS net_sales,
    {{ view_amount("amounts.tax") }} AS tax,
    {{ view_amount("amounts.shipping") }} AS shipping
FROM `sales.orders` AS orders
INNER JOIN `sales.order_amounts` AS amounts
    ON
        orders.source = amounts.source
        AND orders.order_id = amounts.order_id;
