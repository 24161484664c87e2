-- DuckDB: the lines of a bulk operation's file -> orders as orders_by_id.graphql gives them, whole but for their refunds.
-- A line with __parentId belongs to the order of that id, wherever it is in the file; line items are those with isGiftCard.
-- An order that changes while they are collected may be there twice, with its lines.
CREATE OR REPLACE TABLE bulk_orders AS
WITH objects AS (
    SELECT
        any_value(json) AS json,
        json ->> '__parentId' AS parent_id,
        (json -> 'isGiftCard') IS NOT NULL AS is_line
    FROM read_json_objects($file, format = 'newline_delimited')
    GROUP BY json ->> 'id', parent_id, is_line
),

children AS (
    SELECT
        parent_id,
        list(json) FILTER (is_line) AS lines,
        list(json) FILTER (NOT is_line) AS shipping_lines
    FROM objects
    WHERE parent_id IS NOT NULL
    GROUP BY parent_id
)

SELECT
    orders.json ->> 'id' AS id,
    coalesce(json_array_length(orders.json -> 'refunds'), 0) > 0 AS has_refunds,
    json_merge_patch(
        orders.json,
        json_object(
            'lineItems', json_object('nodes', coalesce(children.lines, [])),
            'shippingLines', json_object('nodes', coalesce(children.shipping_lines, []))
        )
    )::VARCHAR AS json
FROM objects AS orders
LEFT JOIN children ON orders.json ->> 'id' = children.parent_id
WHERE orders.parent_id IS NULL;
