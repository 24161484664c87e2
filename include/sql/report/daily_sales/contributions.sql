{% from "warehouse/macros/sales_contributions.sql" import sales_contributions with context %}
-- What categories, countries, channels, products, kinds of customers and measures contribute to the change of net sales
-- from `base` to the day, as the view sales_contributions has it, with the products of the 50 largest changes. `days`
-- are those of the refunded orders and both days, `first` is the first of them.
SELECT
    contributions.scope,
    contributions.dimension,
    contributions.name,
    contributions.parent,
    contributions.before,
    contributions.now,
    products.name AS label
FROM (
{{ sales_contributions(
    "SELECT " ~ day ~ " AS business_date, " ~ base ~ " AS base_date",
    "business_date IN (" ~ base ~ ", " ~ day ~ ")",
    "business_date BETWEEN DATE_SUB(" ~ base ~ ", INTERVAL 91 DAY) AND " ~ day,
    "business_date BETWEEN " ~ first ~ " AND " ~ day,
    days("order_lines.business_date"),
) | indent(4, first=True) }}
) AS contributions
LEFT JOIN `sales.products` AS products
    ON
        contributions.name = products.sku
        AND contributions.dimension = 'product'
WHERE TRUE
QUALIFY
    contributions.dimension <> 'product'
    OR ROW_NUMBER() OVER (
        PARTITION BY contributions.scope, contributions.dimension
        ORDER BY ABS(contributions.now - contributions.before) DESC, contributions.name
    ) <= 50
ORDER BY
    contributions.scope,
    contributions.dimension,
    ABS(contributions.now - contributions.before) DESC,
    contributions.name
