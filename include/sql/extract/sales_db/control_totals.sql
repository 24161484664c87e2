-- Counts and sums of the selected rows, calculated by the database and compared with the loaded rows. One row. Invalid
-- amounts (NaN, infinity, beyond the limits of include/sql/transform/values.sql) are counted but not summed. PostgreSQL
-- sorts NaN above all numbers, so the upper limits exclude it.
SELECT
    (SELECT count(*) FROM read_orders) AS source_orders,
    items.source_lines,
    items.source_amount,
    (
        SELECT coalesce(json_agg(json_build_object('currency', currency, 'amount', amount::text)), '[]')
        FROM (
            SELECT
                CASE WHEN trim(orders.currency) ~ '^[A-Za-z]{3}$' THEN upper(trim(orders.currency)) ELSE '' END AS currency,
                sum(round(lines.quantity * lines.unit_price, 4)) AS amount
            FROM read_items AS lines
            JOIN read_orders AS orders ON orders.order_id = lines.order_id
            WHERE abs(lines.quantity) < 10000000
                AND abs(lines.unit_price) < 10000000000
                AND abs(lines.quantity * lines.unit_price) < 100000000000
            GROUP BY 1
        ) AS by_currency
    ) AS source_amounts,
    refunds.source_refunds,
    refunds.source_refund_amount
FROM (
    SELECT
        count(*) AS source_lines,
        coalesce(
            sum(round(quantity * unit_price, 4)) FILTER (
                WHERE abs(quantity) < 10000000
                    AND abs(unit_price) < 10000000000
                    AND abs(quantity * unit_price) < 100000000000
            ),
            0
        ) AS source_amount
    FROM read_items
) AS items
CROSS JOIN (
    SELECT
        count(*) AS source_refunds,
        coalesce(sum(amount) FILTER (WHERE abs(amount) < 100000000000), 0) AS source_refund_amount
    FROM read_refunds
) AS refunds
