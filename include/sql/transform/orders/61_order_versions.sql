-- Loadable: the orders that this run replaces as a whole. An order that is not in `orders` was removed, or only its
-- refunds are known. In files, these are older than any version of the order: another run may load it meanwhile.

WITH absent AS (
    SELECT
        source,
        order_id,
        NULL AS version_updated_at,
        removed_at AS read_at
    FROM staged_removals
    UNION ALL
    SELECT
        source,
        order_id,
        CASE WHEN getvariable('versions_by_updated_at') THEN 'epoch'::TIMESTAMPTZ END,
        read_at_of(source) AS read_at
    FROM typed_refunds
    WHERE is_accepted
)

SELECT
    source::source_name AS source,
    order_id,
    CASE WHEN getvariable('versions_by_updated_at') THEN updated_at END AS version_updated_at,
    read_at
FROM written_orders
UNION ALL
SELECT
    source,
    order_id,
    max(version_updated_at),
    max(read_at)
FROM absent
ANTI JOIN written_orders AS orders USING (source, order_id)
GROUP BY source, order_id;
