-- Versions of orders that are not loaded: invalid ones, then all but the newest valid one. An older valid version wins
-- over a newer invalid one. A header that is derived from lines is invalid when all its lines are.
--
-- The version that the warehouse has of an order in `kept_orders` is -1. Only the few orders with several versions are
-- sorted.

-- One pass over the headers finds the invalid ones and the orders with several.
CREATE TABLE noted_orders AS
SELECT
    hash(source, order_id) AS order_hash,
    count(*) > 1 AS is_repeated,
    list(
        CASE
            WHEN fault IS NOT NULL
                THEN struct_pack(
                    source := source, order_id := order_id, version := version, file := file,
                    row_number := row_number, fault := fault
                )
        END
    ) FILTER (fault IS NOT NULL) AS faults
FROM typed_orders
GROUP BY hash(source, order_id)
HAVING is_repeated OR faults IS NOT NULL;

CREATE TABLE rejected_orders AS
SELECT
    source,
    order_id,
    version,
    file,
    row_number,
    fault
FROM (
    SELECT unnest(faults, recursive := TRUE)
    FROM noted_orders
) AS invalid
UNION ALL
SELECT
    source,
    order_id,
    version,
    file,
    row_number,
    'too_many_digits gross_amount' AS fault
FROM typed_orders
SEMI JOIN (
    FROM line_sums
    WHERE gross_amount IS NULL OR discount_amount IS NULL OR tax_amount IS NULL
) AS overflowing USING (order_id, version)
WHERE fault IS NULL;

CREATE TABLE superseded_orders AS
WITH usable AS (
    SELECT
        source,
        order_id,
        version,
        updated_at,
        received_at,
        file,
        row_number
    FROM typed_orders
    SEMI JOIN (
        SELECT order_hash
        FROM noted_orders
        WHERE is_repeated
        UNION ALL
        SELECT hash(source::source_name, order_id)
        FROM kept_orders
    ) AS repeated ON hash(typed_orders.source, typed_orders.order_id) = repeated.order_hash
    ANTI JOIN rejected_orders USING (order_id, version)
    WHERE
        fault IS NULL
        AND (getvariable('headers_are_records') OR (order_id, version) IN (SELECT (order_id, version) FROM line_sums))
    UNION ALL
    SELECT
        source::source_name,
        order_id,
        -1 AS version,
        updated_at,
        read_at,
        '' AS file,
        0 AS row_number
    FROM kept_orders
)

SELECT
    source,
    order_id,
    version
FROM usable
QUALIFY row_number() OVER (
    PARTITION BY source, order_id
    ORDER BY
        CASE WHEN getvariable('versions_by_updated_at') THEN updated_at END DESC, received_at DESC,
        -- Two spellings of one id.
        CASE WHEN list_contains(getvariable('sources_with_unsafe_ids'), source) THEN updated_at END DESC,
        file DESC, row_number DESC
) > 1;

CREATE VIEW superseded_kept_orders AS
SELECT
    source,
    order_id
FROM superseded_orders
WHERE version = -1;

CREATE VIEW left_out_versions AS
SELECT
    order_id,
    version
FROM rejected_orders
UNION ALL
SELECT
    order_id,
    version
FROM superseded_orders;
