-- DuckDB: what a bulk operation's file holds: all its objects, and those whose order is not in it.
WITH objects AS (
    SELECT
        json ->> 'id' AS id,
        json ->> '__parentId' AS parent_id
    FROM read_json_objects($file, format = 'newline_delimited')
)

SELECT
    (SELECT count(*) FROM objects) AS objects,
    (
        SELECT count(*)
        FROM objects AS children
        ANTI JOIN objects AS parents ON children.parent_id = parents.id
        WHERE children.parent_id IS NOT NULL
    ) AS orphans
