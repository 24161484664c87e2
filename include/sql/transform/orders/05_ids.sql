-- Replaces e-mail addresses in ids of orders and refunds with hashes. Later steps use only these ids.

-- Ids are replaced only on a day that has one to replace, because that is a search in each of them.
SET VARIABLE has_unsafe_ids = coalesce(
    (
        SELECT bool_or(is_unsafe(id))
        FROM (
            SELECT order_id AS id FROM staged_orders
            UNION ALL
            SELECT order_id FROM staged_order_lines
            UNION ALL
            SELECT unnest([order_id, refund_id]) FROM staged_refunds
            UNION ALL
            SELECT order_id FROM staged_removals
        ) AS ids
    ), FALSE
);

CREATE MACRO known_id(value) AS CASE WHEN getvariable('has_unsafe_ids') THEN safe_id(value) ELSE value END;

ALTER VIEW staged_orders RENAME TO mapped_orders;
CREATE VIEW staged_orders AS
SELECT * REPLACE (known_id(order_id) AS order_id)
FROM mapped_orders;

ALTER VIEW staged_order_lines RENAME TO mapped_order_lines;
CREATE VIEW staged_order_lines AS
SELECT * REPLACE (known_id(order_id) AS order_id)
FROM mapped_order_lines;

ALTER VIEW staged_refunds RENAME TO mapped_refunds;
CREATE VIEW staged_refunds AS
SELECT * REPLACE (known_id(order_id) AS order_id, known_id(refund_id) AS refund_id)
FROM mapped_refunds;

ALTER VIEW staged_removals RENAME TO mapped_removals;
CREATE VIEW staged_removals AS
SELECT * REPLACE (known_id(order_id) AS order_id)
FROM mapped_removals;
