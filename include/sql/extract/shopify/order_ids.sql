-- The orders that were read. The transform needs their stored lines: for the category of a product that the shop no longer
-- has, or never had; and for the cost of their first read, because Shopify has the cost of today only.
SELECT DISTINCT legacyResourceId AS order_id
FROM read_json(
    getvariable('pages'), format = 'array', records = TRUE, columns = {legacyResourceId: 'VARCHAR'}
)
ORDER BY order_id;
