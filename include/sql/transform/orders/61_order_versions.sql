-- Loadable: the orders that this run replaces as a whole. An order that is not in `orders` was removed, or only its
-- refunds are known. In files, these are older than any version of the order: another run may load it meanwhile.

WITH absent AS (
    SELECT
        order_id,
        NULL AS version_updated_at,
        removed_at AS read_at
    FROM staged_removals
    UNION ALL
    SELECT
        order_id,
        CASE WHEN getvariable('versions_by_updated_at') THEN 'epoch'::TIMESTAMPTZ END,
        getvariable('read_at') AS read_at
    FROM typed_refunds
    WHERE is_accepted
)

SELECT
    getvariable('source')::source_name AS source,
    order_id,
    CASE WHEN getvariable('versions_by_updated_at') THEN updated_at END AS version_updated_at,
    read_at
FROM written_orders
UNION ALL
SELECT
    getvariable('source')::source_name,
    order_id,
    max(version_updated_at),
    max(read_at)
FROM absent
ANTI JOIN written_orders AS orders USING (order_id)
GROUP BY order_id;
