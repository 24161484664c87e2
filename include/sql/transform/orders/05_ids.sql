-- Cleans ids of orders, refunds and payments, and replaces e-mail addresses in them with hashes. Later steps use only
-- these ids, which are unique in a source.

-- Only on a day that has an id to change, because that is a search in each of them.
SET VARIABLE sources_with_unsafe_ids = (
    SELECT coalesce(list(DISTINCT source::VARCHAR), [])
    FROM (
        SELECT
            source,
            order_id AS id
        FROM with_source('staged_orders')
        UNION ALL
        SELECT
            source,
            order_id
        FROM with_source('staged_order_lines')
        UNION ALL
        SELECT
            source,
            unnest([order_id, refund_id])
        FROM with_source('staged_refunds')
        UNION ALL
        SELECT
            source,
            order_id
        FROM with_source('staged_removals')
        UNION ALL
        SELECT
            source,
            unnest([order_id, payment_id, payout_id])
        FROM with_source('staged_payments')
        UNION ALL
        SELECT
            source,
            payout_id
        FROM with_source('staged_payouts')
    ) AS ids
    WHERE is_unsafe(id)
);
SET VARIABLE has_unsafe_ids = len(getvariable('sources_with_unsafe_ids')) > 0;

CREATE MACRO known_id(value) AS CASE WHEN getvariable('has_unsafe_ids') THEN safe_id(value) ELSE value END;

-- Two spellings of one id in a source are two versions of the order.
CREATE MACRO version_of(order_id, version) AS CASE
    WHEN getvariable('has_unsafe_ids') AND is_unsafe(order_id)
        THEN version + (1 + hash(order_id) % 1000000000)::BIGINT
    ELSE version
END;

-- These views spell out `with_source`, which later steps read them by: DuckDB refuses a table macro within itself.
ALTER VIEW staged_orders RENAME TO mapped_orders;
CREATE VIEW staged_orders AS
SELECT
    * REPLACE (
        source_or_own(source) AS source,
        known_id(order_id) AS order_id,
        version_of(order_id, version) AS version
    )
FROM (
    FROM mapped_orders
    UNION ALL BY NAME
    SELECT NULL::VARCHAR AS source
    WHERE FALSE
) AS mapped_orders;

ALTER VIEW staged_order_lines RENAME TO mapped_order_lines;
CREATE VIEW staged_order_lines AS
SELECT
    * REPLACE (
        source_or_own(source) AS source,
        known_id(order_id) AS order_id,
        version_of(order_id, version) AS version
    )
FROM (
    FROM mapped_order_lines
    UNION ALL BY NAME
    SELECT NULL::VARCHAR AS source
    WHERE FALSE
) AS mapped_order_lines;

ALTER VIEW staged_refunds RENAME TO mapped_refunds;
CREATE VIEW staged_refunds AS
SELECT
    * REPLACE (
        source_or_own(source) AS source,
        known_id(order_id) AS order_id,
        known_id(refund_id) AS refund_id
    )
FROM (
    FROM mapped_refunds
    UNION ALL BY NAME
    SELECT NULL::VARCHAR AS source
    WHERE FALSE
) AS mapped_refunds;

ALTER VIEW staged_payments RENAME TO mapped_payments;
CREATE VIEW staged_payments AS
SELECT
    * REPLACE (
        source_or_own(source) AS source,
        known_id(order_id) AS order_id,
        known_id(payment_id) AS payment_id,
        known_id(payout_id) AS payout_id
    )
FROM (
    FROM mapped_payments
    UNION ALL BY NAME
    SELECT NULL::VARCHAR AS source
    WHERE FALSE
) AS mapped_payments;

ALTER VIEW staged_payouts RENAME TO mapped_payouts;
CREATE VIEW staged_payouts AS
SELECT * REPLACE (source_or_own(source) AS source, known_id(payout_id) AS payout_id)
FROM (
    FROM mapped_payouts
    UNION ALL BY NAME
    SELECT NULL::VARCHAR AS source
    WHERE FALSE
) AS mapped_payouts;

-- The ids of removed orders are those of the warehouse. It may also have an order of this read under the spelling of
-- its source.
ALTER VIEW staged_removals RENAME TO mapped_removals;
CREATE VIEW staged_removals AS
SELECT
    * REPLACE (
        source_or_own(source) AS source,
        CASE WHEN getvariable('has_unsafe_ids') THEN id_or_hash(order_id) ELSE order_id END AS order_id
    )
FROM (
    FROM mapped_removals
    UNION ALL BY NAME
    SELECT NULL::VARCHAR AS source
    WHERE FALSE
) AS mapped_removals
UNION ALL BY NAME
SELECT
    mapped_orders.source,
    id_or_hash(mapped_orders.order_id) AS order_id,
    read_at_of(mapped_orders.source) AS removed_at
FROM with_source('mapped_orders') AS mapped_orders
WHERE getvariable('has_unsafe_ids') AND safe_id(mapped_orders.order_id) <> mapped_orders.order_id;
