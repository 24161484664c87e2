-- Orders that were removed, so that an older read does not add them again. Orders of an undone export are not recorded:
-- the export may be loaded again with the same versions.
DELETE FROM {{ table("removed_orders") }} AS stored
WHERE EXISTS (
    SELECT 1
    FROM {{ staged("replaced_orders") }} AS replaced
    WHERE
        replaced.source = stored.source
        AND replaced.order_id = stored.order_id
);

INSERT INTO {{ table("removed_orders") }} (source, order_id, version_updated_at, read_at, run_id)
SELECT
    replaced.source,
    replaced.order_id,
    replaced.version_updated_at,
    replaced.read_at,
    run.run_id
FROM {{ staged("replaced_orders") }} AS replaced
CROSS JOIN {{ staged("run") }} AS run
LEFT JOIN {{ staged("orders") }} AS staged
    ON
        replaced.source = staged.source
        AND replaced.order_id = staged.order_id
WHERE
    staged.order_id IS NULL
    AND replaced.source NOT IN (
        SELECT exported.source
        FROM {{ staged("load_audit") }} AS exported
        WHERE exported.status = 'history'
    );
