-- Orders with a line whose product the shop no longer has, or never had: its category is stored, if it was read before.
SELECT DISTINCT legacyResourceId AS order_id
FROM (
    SELECT legacyResourceId, unnest(lineItems.nodes) AS line
    FROM read_json(
        getvariable('pages'), format = 'array',
        columns = { legacyResourceId: 'VARCHAR', lineItems: 'STRUCT(nodes STRUCT(product STRUCT(id VARCHAR))[])' }
    )
)
WHERE line.product IS NULL
ORDER BY order_id;
