-- What the database has, per business day and kind of order, to compare with what is stored. It has to count what
-- the transform accepts (include/sql/transform: lines of at least one piece at a price that is a number and not
-- negative, amounts and dates within reason), in the same words. With another schema, adapt the tables as in
-- selection.sql.
--
-- Parameters, filled in by the pipeline as literals:
--   %(range_start)s, %(range_end)s   timestamptz: start <= ordered_at, refunded_at < end
--   %(changed_since)s                timestamptz: orders changed from then on are left out
--   %(shop_timezone)s                where the business days begin
WITH
changed_orders AS (
    SELECT order_id
    FROM orders
    WHERE updated_at >= %(changed_since)s

    UNION

    SELECT order_id
    FROM refunds
    WHERE updated_at >= %(changed_since)s
        AND order_id IS NOT NULL -- one NULL in the list and NOT IN finds nothing
)

SELECT
    (orders.ordered_at AT TIME ZONE %(shop_timezone)s)::date AS business_date,
    'orders' AS kind,
    coalesce(nullif(lower(btrim(orders.status)), ''), 'unknown') AS status,
    upper(btrim(orders.currency)) AS currency,
    coalesce(orders.is_test, false) AS is_test,
    count(*) AS entries,
    sum(items.lines)::bigint AS lines,
    sum(items.amount) AS amount,
    sum(items.discount_amount) AS discount_amount,
    sum(items.tax_amount) AS tax_amount,
    sum(coalesce(orders.shipping_amount, 0)) AS shipping_amount
FROM orders
CROSS JOIN LATERAL (
    -- OFFSET 0: see selection.sql.
    SELECT
        count(*) AS lines,
        coalesce(sum(found.quantity * found.unit_price), 0) AS amount,
        coalesce(sum(found.discount_amount), 0) AS discount_amount,
        coalesce(sum(found.tax_amount), 0) AS tax_amount
    FROM (
        SELECT *
        FROM order_items
        WHERE order_items.order_id = orders.order_id
        OFFSET 0
    ) AS found
    WHERE found.quantity > 0
        AND found.unit_price >= 0
        AND found.unit_price < 'NaN'
        AND found.quantity * found.unit_price < 100000000000000
        AND coalesce(found.discount_amount, 0) < 'NaN'
        AND coalesce(found.tax_amount, 0) < 'NaN'
) AS items
WHERE orders.ordered_at >= %(range_start)s
    AND orders.ordered_at < %(range_end)s
    AND orders.order_id NOT IN (SELECT order_id FROM changed_orders)
    AND coalesce(orders.updated_at, orders.ordered_at) >= timestamptz '2000-01-01 00:00:00+00'
    AND btrim(orders.currency) ~ '^[A-Za-z]{3}$'
    AND coalesce(orders.shipping_amount, 0) < 'NaN'
GROUP BY 1, 3, 4, 5

UNION ALL

SELECT
    (refunded_at AT TIME ZONE %(shop_timezone)s)::date,
    'refunds',
    '',
    '',
    false,
    count(*),
    0,
    sum(coalesce(amount, 0)),
    0,
    0,
    0
FROM refunds
WHERE refunded_at >= %(range_start)s
    AND refunded_at < %(range_end)s
    AND order_id IS NOT NULL
    AND order_id NOT IN (SELECT order_id FROM changed_orders)
    AND coalesce(amount, 0) >= 0
    AND coalesce(amount, 0) < 'NaN'
GROUP BY 1
