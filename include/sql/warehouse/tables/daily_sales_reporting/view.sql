{% set amounts = ["gross_sales", "discounts", "returns", "net_sales", "cost_of_goods", "sales_with_cost"] %}
CREATE VIEW IF NOT EXISTS `sales.daily_sales_reporting` (
    {% for column in columns("daily_sales") if not column.name.endswith("_reporting") %}
    {{ column.name }} OPTIONS (
        description = "{{ "In reporting currency; NULL without an exchange rate. " ~ column.description if column.name in amounts
            else "ISO 4217 code of the orders; the amounts are in reporting currency." if column.name == "currency"
            else column.description }}"
    ){{ "," if not loop.last }}
    {% endfor %}
)
OPTIONS (
    description = "The rows of daily_sales with their amounts in reporting currency, for tools that cannot add a filter to a query."
)
AS
SELECT
    business_date,
    source,
    channel,
    category,
    country_code,
    currency,
    order_lines,
    units,
    gross_sales_reporting AS gross_sales,
    discounts_reporting AS discounts,
    returns_reporting AS returns,
    net_sales_reporting AS net_sales,
    cost_of_goods_reporting AS cost_of_goods,
    sales_with_cost_reporting AS sales_with_cost
FROM `sales.daily_sales`
WHERE business_date >= DATE '0001-01-01';
