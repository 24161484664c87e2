-- Selects the rows of one run. The pipeline prepends schema.sql and this file to every query of an extract, which read
-- from read_orders, read_items, read_refunds, read_payouts and read_payments. Another schema is mapped in schema.sql; this file stays the same.
--
-- Parameters, filled in by the pipeline as literals (COPY takes no bind parameters); instants are timestamptz:
--   day_start, day_end            the business day: start <= ordered_at < end
--   first_date, last_date         the same as dates
--   changed_from, changed_until   the window of changes: from <= updated_at < until; until is 'infinity' in the run of
--                                 the newest day, which reads all changes so far
--   known_orders                  ids of further orders to read, as text[]: those that earlier runs of the day
--                                 rejected; in a reread by the reconciliation also those that the warehouse has
-- Write a literal percent sign as %%, and no parameter with its %% into a comment.
read_orders AS NOT MATERIALIZED (
    -- Created that day or changed in the window …
    SELECT *
    FROM orders
    WHERE (ordered_at >= %(day_start)s AND ordered_at < %(day_end)s)
       OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)

    UNION ALL

    -- … orders with only a new or changed refund, and the known orders. An OR over both tables would read
    -- the whole history.
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
    -- All items of these orders. OFFSET 0 makes PostgreSQL look them up by primary key, order by order; a plain join
    -- may read the whole table and slow down with every year of history.
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
    -- All refunds of these orders …
    SELECT refunds.*
    FROM read_orders
    JOIN refunds ON refunds.order_id = read_orders.order_id

    UNION ALL

    -- … all refunds of orders that do not exist, if one was made that day or changed in the window, or the order is a
    -- known one …
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

    -- … and refunds without an order.
    SELECT *
    FROM refunds
    WHERE order_id IS NULL
        AND (
            (refunded_at >= %(day_start)s AND refunded_at < %(day_end)s)
            OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)
        )
),

read_payouts AS NOT MATERIALIZED (
    SELECT *
    FROM payouts
    WHERE (issued_on >= %(first_date)s AND issued_on <= %(last_date)s)
       OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)
),

read_payments AS NOT MATERIALIZED (
    -- Processed that day or changed in the window …
    SELECT *
    FROM payments
    WHERE (processed_at >= %(day_start)s AND processed_at < %(day_end)s)
       OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)

    UNION ALL

    -- … and all others of the payouts.
    SELECT *
    FROM payments
    WHERE payout_id IN (SELECT read_payouts.payout_id FROM read_payouts)
        AND (
            (processed_at >= %(day_start)s AND processed_at < %(day_end)s)
            OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)
        ) IS NOT TRUE
)
