-- What categories, countries, channels, products, kinds of customers and measures contribute to the change of net sales
-- from `base` to the day, with the products of the 50 largest changes.
SELECT
    contributions.scope,
    contributions.dimension,
    contributions.name,
    contributions.parent,
    contributions.before,
    contributions.now,
    products.name AS label
FROM `sales.sales_contributions` AS contributions
LEFT JOIN `sales.products` AS products
    ON
        contributions.name = products.sku
        AND contributions.dimension = 'product'
WHERE contributions.business_date = {{ report_day }}
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
