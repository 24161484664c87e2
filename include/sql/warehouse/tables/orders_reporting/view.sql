{% from "warehouse/macros/conversion.sql" import view_amount %}
{% from "warehouse/macros/order_columns.sql" import order_columns with context %}
CREATE VIEW IF NOT EXISTS `sales.orders_reporting` (
{{ order_columns() }}
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
    * EXCEPT (gross, discount, returns, net, tax, shipping),
    {{ view_amount("gross") }} AS gross_sales,
    {{ view_amount("discount") }} AS discounts,
    {{ view_amount("returns") }} AS returns,
    {{ view_amount("net") }} AS net_sales,
    {{ view_amount("tax") }} AS tax,
    {{ view_amount("shipping") }} AS shipping
FROM `sales.order_amounts`;
