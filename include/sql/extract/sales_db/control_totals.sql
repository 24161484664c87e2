-- Counts and sums of the selected rows, calculated by the database and compared with the loaded rows. One row. Invalid
-- amounts (NaN, infinity, beyond the limits of include/sql/transform/values.sql) are counted but not summed. PostgreSQL
-- sorts NaN above all numbers, so the upper limits exclude it. One pass over the items gives all their figures, with
-- the look-up of read_items; a join of read_items took twice as long.
SELECT
    (SELECT count(*) FROM read_orders) AS source_orders,
    items.source_lines,
    items.source_amount::text,
    items.source_amounts,
    refunds.source_refunds,
    refunds.source_refund_amount::text
FROM (
    SELECT
        coalesce(sum(lines), 0)::bigint AS source_lines,
        coalesce(sum(amount), 0) AS source_amount,
        coalesce(
            json_agg(json_build_object('currency', currency, 'amount', amount::text)) FILTER (WHERE amount IS NOT NULL),
            '[]'
        ) AS source_amounts
    FROM (
        SELECT
            CASE WHEN trim(currency) ~ '^[A-Za-z]{3}$' THEN upper(trim(currency)) ELSE '' END AS currency,
            sum(lines) AS lines,
            sum(amount) AS amount
        FROM (
            SELECT
                read_orders.currency,
                count(*) AS lines,
                sum(items.amount) FILTER (
                    WHERE abs(items.quantity) < 10000000
                        AND abs(items.unit_price) < 10000000000
                        AND abs(items.amount) < 100000000000
                ) AS amount
            FROM read_orders
            CROSS JOIN LATERAL (
                SELECT
                    quantity,
                    unit_price,
                    round(quantity * unit_price, 4) AS amount
                FROM order_items
                WHERE order_items.order_id = read_orders.order_id
                OFFSET 0
            ) AS items
            GROUP BY read_orders.currency
        ) AS by_text
        GROUP BY 1
    ) AS by_currency
) AS items
CROSS JOIN (
    SELECT
        count(*) AS source_refunds,
        coalesce(sum(amount) FILTER (WHERE abs(amount) < 100000000000), 0) AS source_refund_amount
    FROM read_refunds
) AS refunds
