-- What one run reads. The pipeline puts schema.sql and this text before every query of an extract, so those read from
-- read_orders, read_items and read_refunds. Another schema is mapped in schema.sql; nothing changes here.
--
-- Parameters, filled in by the pipeline as literals (COPY takes no bind parameters); all are timestamptz:
--   %(day_start)s, %(day_end)s            the business day: start <= ordered_at < end
--   %(changed_from)s, %(changed_until)s   the window of changes: from <= updated_at < until; until is 'infinity' in
--                                         the run of the newest day, which reads everything changed so far
--   %(known_orders)s                      order ids to read as well, as text[]: reconciliation looks for changes
--                                         without a date in them; empty in every other run
-- Write a percent sign of your own twice: %%.
read_orders AS NOT MATERIALIZED (
    -- Created that day or changed in the window …
    SELECT *
    FROM orders
    WHERE (ordered_at >= %(day_start)s AND ordered_at < %(day_end)s)
       OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)

    UNION ALL

    -- … those of which only a refund was, and those the pipeline asks for. An OR over both tables would read all of
    -- history instead.
    SELECT *
    FROM orders
    WHERE order_id IN (
            SELECT refunds.order_id
            FROM refunds
            WHERE (refunds.updated_at >= %(changed_from)s AND refunds.updated_at < %(changed_until)s)
               OR (refunds.refunded_at >= %(day_start)s AND refunds.refunded_at < %(day_end)s)

            UNION ALL

            SELECT known_orders.order_id
            FROM known_orders
        )
        AND (
            (ordered_at >= %(day_start)s AND ordered_at < %(day_end)s)
            OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)
        ) IS NOT TRUE
),

read_items AS NOT MATERIALIZED (
    -- All items of those orders. OFFSET 0 makes PostgreSQL look them up order by order in the primary key; a plain
    -- join may read the whole table, and take longer with every year of history.
    SELECT items.*
    FROM read_orders
    CROSS JOIN LATERAL (
        SELECT *
        FROM order_items
        WHERE order_items.order_id = read_orders.order_id
        OFFSET 0
    ) AS items
),

read_refunds AS NOT MATERIALIZED (
    -- All refunds of those orders …
    SELECT refunds.*
    FROM read_orders
    JOIN refunds ON refunds.order_id = read_orders.order_id

    UNION ALL

    -- … all refunds of orders that do not exist, if one was made that day or changed in the window, or they are asked
    -- for …
    SELECT refunds.*
    FROM refunds
    WHERE order_id IN (
            SELECT touched.order_id
            FROM refunds AS touched
            WHERE (touched.refunded_at >= %(day_start)s AND touched.refunded_at < %(day_end)s)
               OR (touched.updated_at >= %(changed_from)s AND touched.updated_at < %(changed_until)s)

            UNION ALL

            SELECT known_orders.order_id
            FROM known_orders
        )
        AND NOT EXISTS (SELECT FROM orders WHERE orders.order_id = refunds.order_id)

    UNION ALL

    -- … and those that name no order.
    SELECT *
    FROM refunds
    WHERE order_id IS NULL
        AND (
            (refunded_at >= %(day_start)s AND refunded_at < %(day_end)s)
            OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)
        )
)
