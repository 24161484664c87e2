-- Orders that are gone, so that an older read does not bring them back. An order that goes because its export is taken
-- back is not remembered: the export, which is no newer, may be loaded again.
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
