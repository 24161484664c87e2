{% from "warehouse/macros/sales_contributions.sql" import sales_contributions with context %}
{% set all_days = "business_date >= " ~ first_day %}
{% set compared_days %}
SELECT
    business_date,
    base_date
FROM `sales.comparable_days`
WHERE base_date IS NOT NULL
{%- endset %}
CREATE VIEW IF NOT EXISTS `sales.sales_contributions` (
    business_date OPTIONS (description = "Business day."),
    base_date OPTIONS (description = "Day it is compared with: a week before if that day is complete, otherwise the day before."),
    scope OPTIONS (description = "'all'; 'like_for_like' without the channels that began or ended between both days, where there are such."),
    dimension OPTIONS (description = "'total', 'category', 'country', 'channel', 'product', 'customers' or 'measure': each has the whole net sales of both days. Also 'began' and 'ended', channels that did so, and 'unconverted', the currencies without an exchange rate on one of both days, which no amount includes."),
    name OPTIONS (description = "Value of the dimension; of customers 'new', 'returning', 'guests' and 'returns', of measures 'gross_sales', 'discounts' and 'returns'. Empty for the total, and for what belongs to no product."),
    parent OPTIONS (description = "Category of the newest order line of a product; NULL for other dimensions."),
    before OPTIONS (description = "Net sales of the base date in reporting currency; discounts and returns are negative. NULL for unconverted currencies."),
    now OPTIONS (description = "The same of the business day.")
)
OPTIONS (
    description = "One row per business day, scope, dimension and name: its part in the net sales of the day and of the day it is compared with. now - before is its contribution to the change."
)
AS
{{ sales_contributions(
    compared_days, all_days, all_days, all_days, "order_lines." ~ all_days
) }};
